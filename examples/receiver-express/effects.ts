/**
 * The slow work of the source document's handler: CRM, active calls, alerts. Here it prints; yours calls your systems.
 * Each may run twice for one event (after a crash in the middle), so each must bear that: set and delete do, a plain
 * "add a note" needs the webhook id as its key.
 */
import type { StatusUpdateMessage } from '@offhook/contract/message';

export type Message = StatusUpdateMessage['message'];

export interface Effects {
  logActivity(activity: {
    readonly id: string;
    readonly phone: string | null;
    readonly status: string;
    readonly timestamp: string;
  }): Promise<void>;
  addActiveCall(callId: string): Promise<void>;
  removeActiveCall(callId: string): Promise<void>;
  alert(text: string): Promise<void>;
}

export async function applyEffects(webhookId: string, message: Message, effects: Effects): Promise<void> {
  await effects.logActivity({
    id: webhookId,
    // null for web calls: there is no number.
    phone: message.customer.number,
    status: message.call.status,
    timestamp: message.timestamp,
  });
  // Every status by name. An `else` would take a status you do not know yet for the end of a call.
  switch (message.call.status) {
    case 'in-progress':
      await effects.addActiveCall(message.call.id);
      break;
    case 'ended':
      await effects.removeActiveCall(message.call.id);
      break;
    case 'ended-with-error':
      await effects.removeActiveCall(message.call.id);
      await effects.alert(`Call error: ${message.error ?? 'no reason given'}`);
      break;
    default:
      message.call.status satisfies never;
  }
}

export function createPrintedEffects(print: (line: string) => void): Effects & {
  readonly activeCalls: ReadonlySet<string>;
} {
  const activeCalls = new Set<string>();
  return {
    activeCalls,
    async logActivity(activity) {
      print(`CRM: ${activity.phone ?? 'no number'} ${activity.status} at ${activity.timestamp}`);
    },
    async addActiveCall(callId) {
      activeCalls.add(callId);
      print(`Active calls: ${activeCalls.size}`);
    },
    async removeActiveCall(callId) {
      activeCalls.delete(callId);
      print(`Active calls: ${activeCalls.size}`);
    },
    async alert(text) {
      print(`Alert: ${text}`);
    },
  };
}
