/** Somebody signed in to the dashboard, as a browser would send it. */
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import type { TestHub } from './in-memory-hub.ts';

export const HUB_HOST = '127.0.0.1:8080';

export interface TestSession {
  readonly cookie: string;
  call(
    method: NonNullable<InjectOptions['method']>,
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>;
}

export async function openSession(hub: TestHub, key: string): Promise<TestSession> {
  const response = await hub.server.inject({
    method: 'POST',
    url: '/v1/session',
    // An address of its own: how often one may try is not what these stories are about.
    remoteAddress: `10.0.${Math.floor(Math.random() * 256)}.${Math.floor(Math.random() * 256)}`,
    headers: { host: HUB_HOST, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    payload: JSON.stringify({ key }),
  });
  if (response.statusCode !== 201) throw new Error(`Not signed in: ${response.body}`);
  const [cookie = ''] = String(response.headers['set-cookie']).split(';');
  return {
    cookie,
    call: (method, url, body, headers = {}) =>
      hub.server.inject({
        method,
        url,
        headers: {
          host: HUB_HOST,
          cookie,
          'sec-fetch-site': 'same-origin',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
  };
}
