/**
 * The scene's destinations as servers: one address of this machine under all their names, with a certificate that the
 * hub is told to trust, and a name server that knows them. So what the pictures show was really sent.
 */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { Random } from '../../proofs/simulation/random.ts';
import type { SceneAnswer, SceneDestination } from './scene.ts';

import { createCertificate } from '../../proofs/hostile/certificate.ts';
import { startDnsServer } from '../../proofs/hostile/dns-server.ts';

export interface Receivers {
  /** What a hub needs to find and trust them. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Loopback, but not the address that other servers of this machine use. */
const ADDRESS = '127.41.0.1';
const HTTPS_PORT = 443;
const DAY_MS = 86_400_000;

export async function startReceivers(
  destinations: readonly SceneDestination[],
  folder: string,
  random: Random,
): Promise<Receivers> {
  const byHost = new Map(destinations.map((one) => [new URL(one.url).hostname, one]));
  const { certificate, privateKey } = createCertificate({
    names: [...byHost.keys()],
    validFrom: new Date(Date.now() - DAY_MS),
    validTo: new Date(Date.now() + DAY_MS),
  });
  const certificateFile = join(folder, 'receivers.pem');
  writeFileSync(certificateFile, certificate);

  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const destination = byHost.get(request.headers.host ?? '');
      const { message } = JSON.parse(Buffer.concat(chunks).toString()) as {
        message: { call: { id: string } };
      };
      const answer: SceneAnswer = destination?.answer({
        nowMs: Date.now(),
        callId: message.call.id,
        attemptNumber: Number(request.headers['offhook-attempt']),
        random,
      }) ?? { status: 404, body: '', tookMs: 0 };
      const headers = answer.isFinal === true ? { 'webhook-delivery': 'abort-message' } : {};
      void wait(answer.tookMs).then(() => response.writeHead(answer.status, headers).end(answer.body));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new Error(`The receivers need port ${HTTPS_PORT} of ${ADDRESS}: ${error.message}`)),
    );
    server.listen(HTTPS_PORT, ADDRESS, resolve);
  });
  const names = await startDnsServer((name) =>
    byHost.has(name)
      ? { kind: 'addresses', addresses: [(server.address() as AddressInfo).address], ttlSeconds: 60 }
      : { kind: 'error', code: 'NXDOMAIN' },
  );
  return {
    env: { NODE_EXTRA_CA_CERTS: certificateFile, OFFHOOK_DNS_SERVERS: names.address },
    async stop() {
      await names.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
