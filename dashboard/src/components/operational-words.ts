/** What the hub notices by itself, in words for people. */
import type { OperationalEventType } from '@offhook/contract/operational-event';
import type { IconName } from './icon-names.ts';

interface OperationalWords {
  readonly title: string;
  readonly icon: IconName;
  readonly tone: 'bad' | 'warn' | 'good';
}

export const OPERATIONAL_WORDS: Readonly<Record<OperationalEventType, OperationalWords>> = {
  'destination.disabled': { title: 'Destination disabled', icon: 'cancel', tone: 'bad' },
  'destination.recovered': { title: 'Destination recovered', icon: 'state-done', tone: 'good' },
  'delivery.dead': { title: 'Delivery given up', icon: 'state-failed', tone: 'bad' },
  'call.stale': { title: 'Call without an end', icon: 'state-unknown', tone: 'warn' },
  'source.silent': { title: 'Source silent', icon: 'bell-off', tone: 'warn' },
  'source.resumed': { title: 'Source reports again', icon: 'state-done', tone: 'good' },
  'error_rate.high': { title: 'Many calls fail', icon: 'alert', tone: 'bad' },
  'error_rate.normal': { title: 'Error rate normal', icon: 'state-done', tone: 'good' },
};

export const OPERATIONAL_TYPES = Object.keys(OPERATIONAL_WORDS) as readonly OperationalEventType[];

/** A status of a call stands for itself; a type that a newer hub knows does too. */
export function toEventTitle(typeOrStatus: string): string {
  return Object.hasOwn(OPERATIONAL_WORDS, typeOrStatus)
    ? OPERATIONAL_WORDS[typeOrStatus as OperationalEventType].title
    : typeOrStatus;
}
