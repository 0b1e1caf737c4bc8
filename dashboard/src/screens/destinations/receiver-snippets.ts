/**
 * The least code that receives what is sent, per framework: the raw bytes are verified, 200 is answered before any slow
 * work, and an event that comes twice is taken once. Kept short enough to be read before it is pasted. It uses npm's
 * `standardwebhooks`, which is not ours, so that nobody has to trust us twice.
 */

export const FRAMEWORKS = [
  { key: 'express', title: 'Express', install: 'npm install express standardwebhooks' },
  { key: 'fastify', title: 'Fastify', install: 'npm install fastify standardwebhooks' },
  { key: 'hono', title: 'Hono', install: 'npm install hono @hono/node-server standardwebhooks' },
  { key: 'next', title: 'Next.js', install: 'npm install standardwebhooks' },
  { key: 'node', title: 'Node', install: 'npm install standardwebhooks' },
] as const;
export type Framework = (typeof FRAMEWORKS)[number]['key'];

/** Where the secret is not at hand: it was shown once. */
export const SECRET_FROM_ENVIRONMENT = 'process.env.OFFHOOK_SECRET';

/** By the settings of a destination: every request to it is a batch, also where it holds one event. */
export function isBatched(settings: Readonly<Record<string, unknown>>): boolean {
  return typeof settings['batch_events_max'] === 'number';
}

/** `secret` null: read from the environment. */
export function toSnippet(framework: Framework, secret: string | null, isBatch: boolean): string {
  const given = secret === null ? SECRET_FROM_ENVIRONMENT : `'${secret}'`;
  const snippet = SNIPPETS[framework].replace('SECRET', () => given);
  if (!isBatch) return snippet;
  // A batch is verified as an event is; its own id says nothing about the events in it.
  return `${snippet
    .replace('application/json', 'application/vnd.offhook.batch+json')
    .replace(/handle\(request.+, event\)|handle\(context.+, event\)/, 'handleAll(event)')}${HANDLE_ALL}`;
}

const HANDLE_ALL = `
// Each event of a batch has the id and the body it would have had alone.
async function handleAll({ events }) {
  for (const { id, body } of events) await handle(id, body);
}
`;

/** The same in all of them: what an event is taken for. */
const HANDLE = `
// Yours: runs after the 200. Each event has a webhook-id that stays the same when it is sent again.
const seen = new Set(); // better: a table with the id as its key, in the database you have
async function handle(id, { message }) {
  if (seen.has(id)) return;
  seen.add(id);
  console.log(message.call?.status ?? message.type, message.call?.id ?? '', message.error ?? '');
}`;

const SNIPPETS: Readonly<Record<Framework, string>> = {
  express: `import express from 'express';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(SECRET);
const app = express();

// The raw bytes: a body that was parsed and written again has another signature.
app.post('/webhooks/status-update', express.raw({ type: '*/*' }), (request, response) => {
  let event;
  try {
    event = webhook.verify(request.body.toString(), request.headers);
  } catch {
    return response.status(401).send('bad signature');
  }
  response.send('OK');
  handle(request.headers['webhook-id'], event).catch(console.error);
});

app.listen(Number(process.env.PORT ?? 3000));
${HANDLE}
`,
  fastify: `import Fastify from 'fastify';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(SECRET);
const app = Fastify();

// The raw bytes: a body that was parsed and written again has another signature.
app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => done(null, body));
app.post('/webhooks/status-update', async (request, reply) => {
  let event;
  try {
    event = webhook.verify(request.body, request.headers);
  } catch {
    return reply.code(401).send('bad signature');
  }
  handle(request.headers['webhook-id'], event).catch(console.error);
  return 'OK';
});

await app.listen({ port: Number(process.env.PORT ?? 3000) });
${HANDLE}
`,
  hono: `import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(SECRET);
const app = new Hono();

app.post('/webhooks/status-update', async (context) => {
  let event;
  try {
    event = webhook.verify(await context.req.text(), context.req.header());
  } catch {
    return context.text('bad signature', 401);
  }
  handle(context.req.header('webhook-id'), event).catch(console.error);
  return context.text('OK');
});

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) });
${HANDLE}
`,
  next: `// app/webhooks/status-update/route.js
import { after } from 'next/server';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(SECRET);

export async function POST(request) {
  let event;
  try {
    event = webhook.verify(await request.text(), Object.fromEntries(request.headers));
  } catch {
    return new Response('bad signature', { status: 401 });
  }
  after(() => handle(request.headers.get('webhook-id'), event));
  return new Response('OK');
}
${HANDLE}
`,
  node: `import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(SECRET);

createServer(async (request, response) => {
  let event;
  try {
    event = webhook.verify(await text(request), request.headers);
  } catch {
    response.writeHead(401).end('bad signature');
    return;
  }
  response.end('OK');
  handle(request.headers['webhook-id'], event).catch(console.error);
}).listen(Number(process.env.PORT ?? 3000));
${HANDLE}
`,
};
