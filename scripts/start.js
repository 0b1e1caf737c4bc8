/**
 * `npm start`: builds the dashboard of this checkout where its sources changed, then is the hub. JavaScript, because
 * the Node that runs it may be too old for TypeScript: then the hub's own start says so in a sentence. The build is a
 * process of its own, so that its 100 MB of bundler do not stay; the hub is this one, so that signals reach it.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
const launcher = fileURLToPath(new URL('../hub/bin/offhook.js', import.meta.url));
const builder = fileURLToPath(new URL('./dashboard.ts', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  // Its faults are on stderr; a hub without pages, or with heavy ones, still moves calls.
  spawnSync(process.execPath, [builder, '--lenient'], { stdio: 'inherit' });
}
process.argv = [process.argv[0] ?? process.execPath, launcher, 'start', ...process.argv.slice(2)];
await import('../hub/bin/offhook.js');
