import { once } from 'node:events';

import { createPrintedEffects } from './effects.ts';
import { openInbox } from './inbox.ts';
import { createReceiver } from './receiver.ts';

/** Longer than the hub's retry window (75 h), so that no retry finds its id forgotten. */
const KEEP_MS = 7 * 24 * 3_600_000;

const secrets = (process.env['WEBHOOK_SECRET'] ?? '').split(',').filter((secret) => secret !== '');
if (secrets.length === 0) {
  console.error('Set WEBHOOK_SECRET to the secret that `offhook destinations create` printed.');
  process.exit(2);
}

const inbox = openInbox(process.env['INBOX_FILE'] ?? 'inbox.sqlite');
inbox.prune(Date.now() - KEEP_MS);
const receiver = createReceiver({
  secrets,
  inbox,
  effects: createPrintedEffects(console.log),
  report: console.error,
});
const server = receiver.app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
await once(server, 'listening');
console.log('Listening at /webhooks/status-update', server.address());

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close(() => void receiver.stop().then(() => inbox.close()));
    server.closeIdleConnections();
  });
}
