/**
 * `npm start` serves the dashboard of this checkout, so it is built first. JavaScript, because the Node that runs it
 * may be too old for TypeScript: then the hub's own start says so in a sentence.
 */
const NODE_MAJOR_MIN = 24;

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  const { reportDashboard } = await import('./dashboard.ts');
  await reportDashboard({ isStrict: false });
}
