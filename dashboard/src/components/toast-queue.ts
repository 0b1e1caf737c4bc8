/** Which toasts are shown and when they go: at most four, none while somebody reads them. */

export type ToastKind = 'status' | 'alert';

export interface ToastAction {
  readonly label: string;
  readonly href?: string | undefined;
  readonly onClick?: (() => void) | undefined;
}

export interface Toast {
  readonly id: number;
  readonly kind: ToastKind;
  readonly text: string;
  readonly detail: string | null;
  readonly action: ToastAction | null;
  /** How often the same was said while it stood. */
  readonly count: number;
  /** What is left of its time; null for those that wait to be dismissed. */
  readonly leftMs: number | null;
}

export const TOASTS_MAX = 4;
/** Long enough to read twice, at 5 words a second. */
const LIFE_MS_MIN = 6_000;
const LIFE_MS_PER_CHARACTER = 60;

export type NewToast = Omit<Toast, 'id' | 'count' | 'leftMs'>;

/** The same text again adds to the one that stands; beyond four the oldest goes, alerts last. */
export function addToast(toasts: readonly Toast[], added: NewToast, id: number): readonly Toast[] {
  const leftMs = toLifeMs(added);
  const same = toasts.find(
    (one) => one.kind === added.kind && one.text === added.text && one.detail === added.detail,
  );
  if (same !== undefined) {
    return toasts.map((one) => (one === same ? { ...one, ...added, count: one.count + 1, leftMs } : one));
  }
  const all = [...toasts, { ...added, id, count: 1, leftMs }];
  if (all.length <= TOASTS_MAX) return all;
  const oldest = all.slice(0, -1).find((one) => one.kind === 'status') ?? all[0];
  return all.filter((one) => one !== oldest);
}

/** Time that passed while nobody held them: by hovering, by focus, by another tab in front. */
export function ageToasts(toasts: readonly Toast[], passedMs: number): readonly Toast[] {
  if (toasts.every((one) => one.leftMs === null)) return toasts;
  return toasts
    .map((one) => (one.leftMs === null ? one : { ...one, leftMs: one.leftMs - passedMs }))
    .filter((one) => one.leftMs === null || one.leftMs > 0);
}

/** An alert, and one with something to do, stays until it is dismissed. */
function toLifeMs({ kind, text, detail, action }: NewToast): number | null {
  if (kind === 'alert' || action !== null) return null;
  return Math.max(LIFE_MS_MIN, (text.length + (detail?.length ?? 0)) * LIFE_MS_PER_CHARACTER);
}
