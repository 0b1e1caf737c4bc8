/** What a platform and a person do to a hub over HTTP. */
export interface HubAccess {
  readonly address: string;
  readonly apiKey: string;
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the test says what it expects to read
export async function callApi<Answer>(
  hub: HubAccess,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: Answer }> {
  const response = await fetch(`${hub.address}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${hub.apiKey}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as Answer };
}

export async function addWebhook(
  hub: HubAccess,
  url: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly id: string; readonly secret: string }> {
  const { status, body } = await callApi<{ id: string; secret: string }>(hub, 'POST', '/v1/destinations', {
    kind: 'webhook',
    settings: { url },
    ...more,
  });
  if (status !== 201) throw new Error(`The destination was refused (${status}): ${JSON.stringify(body)}`);
  return body;
}

/** The report's HTTP status. */
export async function postReport(hub: Pick<HubAccess, 'address'>, body: string): Promise<number> {
  const response = await fetch(`${hub.address}/webhooks/status-update`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

export function makeReportBody(callId: string, status: string, error?: string): string {
  return JSON.stringify({
    message: {
      type: 'status-update',
      timestamp: '2025-12-13T12:00:00.000Z',
      call: { id: callId, type: 'inbound_phone_call', status },
      phone_number: { number: '+31850835037', name: 'HMS Sovereign Demo' },
      customer: { number: '+31612345678' },
      ...(error !== undefined && { error }),
    },
  });
}
