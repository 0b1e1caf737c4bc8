/** Who is signed in: the hub's cookie is the session, this is what the pages know about it. */
import { signal } from '@preact/signals';
import type { Scope, SessionView } from './types.ts';

import { ApiFault, onSignedOut, request, SESSION_PATH } from './api.ts';

/** undefined until asked, null when nobody is signed in. */
export const session = signal<SessionView | null | undefined>(undefined);

/** Asks who is signed in. Throws where the hub cannot be asked. */
export async function readSession(): Promise<void> {
  try {
    session.value = await request<SessionView>('GET', SESSION_PATH);
  } catch (error) {
    if (!(error instanceof ApiFault) || error.status !== 401) throw error;
    session.value = null;
  }
}

export async function signIn(key: string): Promise<void> {
  await request('POST', SESSION_PATH, { body: { key } });
  await readSession();
  channel?.postMessage('changed');
}

export async function signOut(): Promise<void> {
  try {
    await request('DELETE', SESSION_PATH);
  } catch (error) {
    // Whoever has no session is signed out.
    if (!(error instanceof ApiFault) || error.status !== 401) throw error;
  }
  session.value = null;
  channel?.postMessage('changed');
}

export async function setRevealed(revealed: boolean): Promise<void> {
  await request('POST', `${SESSION_PATH}/reveal`, { body: { revealed } });
  await readSession();
  channel?.postMessage('changed');
}

/** Whether this session may do what the scope allows. */
export function can(scope: Scope): boolean {
  const held = session.value?.scopes ?? [];
  return IMPLIED_BY[scope].some((one) => held.includes(one));
}

/** As the hub reads scopes: each includes those before it, ingest stands apart. */
const IMPLIED_BY: Readonly<Record<Scope, readonly Scope[]>> = {
  ingest: ['ingest', 'admin'],
  watch: ['watch', 'read', 'write', 'admin'],
  read: ['read', 'write', 'admin'],
  write: ['write', 'admin'],
  admin: ['admin'],
};

let channel: BroadcastChannel | null = null;

/** Follows what the API and other tabs of this browser say about the session. */
export function startSession(): void {
  onSignedOut(() => {
    session.value = null;
  });
  if (typeof BroadcastChannel === 'undefined') return;
  channel = new BroadcastChannel('offhook-session');
  channel.addEventListener('message', () => {
    // If the hub cannot be asked now, the next request tells.
    readSession().catch(() => undefined);
  });
}
