import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createCertificate } from '../../../../proofs/hostile/certificate.ts';
import { createEgressGuard } from '../egress/address-rules.ts';
import { createGuardedConnect } from '../egress/guarded-connect.ts';
import { createHttpClient } from './http-client.ts';

const post = { path: '/', headers: [], body: Buffer.from('{}'), deadlineMs: 10_000 };
const hour = 3_600_000;

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('the HTTP client over TLS', () => {
  it('sends the name as SNI and Host while it dials the checked address', async () => {
    const { seen, open } = await start(['app.example']);
    expect(await open('app.example').post(post)).toMatchObject({ kind: 'answered', status: 200 });
    expect(seen).toMatchObject([
      { servername: 'app.example', host: expect.stringMatching(/^app\.example:\d+$/), address: '127.0.0.1' },
    ]);
  });

  it('compares the certificate with the name, also where it ends in a dot', async () => {
    const { open } = await start(['app.example']);
    expect(await open('app.example.').post(post)).toMatchObject({ kind: 'answered', status: 200 });
    expect(await open('other.example').post(post)).toMatchObject({
      kind: 'failed',
      cause: 'tls',
      detail: expect.stringContaining('not for other.example'),
    });
  });

  it('compares the certificate with the address where the URL holds one, and sends no SNI', async () => {
    const { seen, open } = await start(['127.0.0.1']);
    expect(await open('127.0.0.1').post(post)).toMatchObject({ kind: 'answered', status: 200 });
    expect(seen).toMatchObject([{ servername: false }]);
  });

  it('resumes the TLS session of an earlier socket', async () => {
    const { seen, open } = await start(['app.example']);
    const target = open('app.example');
    for (let nth = 0; nth < 3; nth++)
      expect(await target.post(post)).toMatchObject({ kind: 'answered', status: 200 });
    expect(seen.map((one) => one.resumed)).toEqual([false, true, true]);
  });

  it('checks the certificate even where the environment says not to', async () => {
    const { open } = await start(['other.example']);
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(await open('app.example').post(post)).toMatchObject({ kind: 'failed', cause: 'tls' });
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });
});

async function start(names: readonly string[]) {
  const { certificate, privateKey } = createCertificate({
    names,
    validFrom: new Date(Date.now() - hour),
    validTo: new Date(Date.now() + hour),
  });
  const seen: {
    servername: unknown;
    host: string | undefined;
    address: string | undefined;
    resumed: boolean;
  }[] = [];
  const server = https.createServer({ cert: certificate, key: privateKey }, (request, response) => {
    const socket = request.socket as TLSSocket & { readonly servername?: unknown };
    seen.push({
      servername: socket.servername,
      host: request.headers.host,
      address: socket.localAddress,
      resumed: socket.isSessionReused(),
    });
    // Every post makes a handshake of its own.
    response.writeHead(200, { connection: 'close' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  cleanUps.push(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const client = createHttpClient({
    connect: createGuardedConnect({
      guard: createEgressGuard({ allow: [], allowLoopback: true }),
      resolver: { resolve: async () => ({ kind: 'resolved', addresses: ['127.0.0.1'] }) },
      trustedCertificates: [certificate],
    }),
  });
  return { seen, open: (hostname: string) => client.open(new URL(`https://${hostname}:${port}/`)) };
}
