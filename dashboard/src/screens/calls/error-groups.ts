/** What can be done with a group of errors, and how the list takes it. */
import type { ErrorGroupState, ErrorGroupView } from '../../data/types.ts';

export type ErrorFilter = 'open' | 'resolved' | 'muted' | 'all';

export interface ErrorTab {
  readonly key: ErrorFilter;
  readonly title: string;
  /** What the API's `state` takes. */
  readonly states: readonly ErrorGroupState[];
}

/** Acknowledged ones stay with the open: somebody looks at them, and they go on. */
export const ERROR_TABS: readonly ErrorTab[] = [
  { key: 'open', title: 'To look at', states: ['open', 'acknowledged'] },
  { key: 'resolved', title: 'Resolved', states: ['resolved'] },
  { key: 'muted', title: 'Muted', states: ['muted'] },
  { key: 'all', title: 'All', states: ['open', 'acknowledged', 'resolved', 'muted'] },
];

export function toErrorTab(value: string | null): ErrorTab {
  return ERROR_TABS.find((tab) => tab.key === value) ?? (ERROR_TABS[0] as ErrorTab);
}

export interface ErrorAction {
  readonly label: string;
  readonly state: ErrorGroupState;
  /** Said once it is done. */
  readonly done: string;
}

const ACTIONS: Readonly<Record<ErrorGroupState, ErrorAction>> = {
  open: { label: 'Reopen', state: 'open', done: 'Open again' },
  acknowledged: { label: 'Acknowledge', state: 'acknowledged', done: 'Acknowledged' },
  resolved: { label: 'Resolve', state: 'resolved', done: 'Resolved: it opens again with its next call' },
  muted: { label: 'Mute', state: 'muted', done: 'Muted: it stays out of sight until you reopen it' },
};

const POSSIBLE: Readonly<Record<ErrorGroupState, readonly ErrorGroupState[]>> = {
  open: ['acknowledged', 'resolved', 'muted'],
  acknowledged: ['resolved', 'muted', 'open'],
  resolved: ['open'],
  muted: ['open'],
};

export function toErrorActions(state: ErrorGroupState): readonly ErrorAction[] {
  return POSSIBLE[state].map((next) => ACTIONS[next]);
}

export function toDoneWords(state: ErrorGroupState): string {
  return ACTIONS[state].done;
}

/** The group with another state where it stands. It stays in the list until that is read anew, so that a slip is seen. */
export function withState(
  groups: readonly ErrorGroupView[],
  id: string,
  state: ErrorGroupState,
): readonly ErrorGroupView[] {
  return groups.map((group) => (group.id === id ? { ...group, state } : group));
}

/** Filter of the calls in the group. `search` comes ready to stand in quotes. */
export function toGroupFilter(group: Pick<ErrorGroupView, 'search'>): string {
  return group.search === '' ? 'state:failed' : `state:failed error:"${group.search}"`;
}

/** What the line of the last 24 hours says, in words. */
export function toHoursLabel(hours: readonly number[]): string {
  const sum = hours.reduce((total, calls) => total + calls, 0);
  if (sum === 0) return 'No calls in the last 24 hours';
  const peak = Math.max(...hours);
  const agoHours = hours.length - 1 - hours.lastIndexOf(peak);
  const when = agoHours === 0 ? 'this hour' : agoHours === 1 ? 'an hour ago' : `${agoHours} hours ago`;
  return `${sum} ${sum === 1 ? 'call' : 'calls'} in the last 24 hours, most ${when} (${peak})`;
}
