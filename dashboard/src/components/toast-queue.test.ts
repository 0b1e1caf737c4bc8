import { describe, expect, it } from 'vitest';

import { TOASTS_MAX, addToast, ageToasts } from './toast-queue.ts';
import type { NewToast, Toast } from './toast-queue.ts';

const status = (text: string): NewToast => ({ kind: 'status', text, detail: null, action: null });
const alert = (text: string): NewToast => ({ ...status(text), kind: 'alert' });

function addAll(all: readonly NewToast[]): readonly Toast[] {
  return all.reduce<readonly Toast[]>((toasts, one, at) => addToast(toasts, one, at + 1), []);
}

describe('toasts', () => {
  it('are at most four: the oldest status goes first', () => {
    const toasts = addAll([alert('a'), status('b'), status('c'), status('d'), status('e')]);
    expect(toasts).toHaveLength(TOASTS_MAX);
    expect(toasts.map((one) => one.text)).toEqual(['a', 'c', 'd', 'e']);
  });

  it('drop the oldest alert where there are only alerts, never the newest', () => {
    expect(addAll(['a', 'b', 'c', 'd', 'e'].map(alert)).map((one) => one.text)).toEqual(['b', 'c', 'd', 'e']);
    const mixed = addAll([...['a', 'b', 'c', 'd'].map(alert), status('new')]);
    expect(mixed.map((one) => one.text)).toEqual(['b', 'c', 'd', 'new']);
  });

  it('count the same one instead of showing it twice, and begin its time anew', () => {
    const [first] = ageToasts(addToast([], status('saved'), 1), 2_000);
    const again = addToast([first as Toast], status('saved'), 2);
    expect(again).toMatchObject([{ id: 1, count: 2 }]);
    expect(again[0]?.leftMs).toBeGreaterThan(first?.leftMs ?? 0);
  });

  it('go by themselves, unless they are alerts or have something to do', () => {
    const toasts = addAll([
      status('saved'),
      alert('refused'),
      { ...status('retried'), action: { label: 'Watch' } },
    ]);
    expect(ageToasts(toasts, 60_000).map((one) => one.text)).toEqual(['refused', 'retried']);
  });

  it('stay longer the more there is to read', () => {
    const [short, long] = addAll([status('saved'), status('x'.repeat(300))]);
    expect(long?.leftMs).toBeGreaterThan(short?.leftMs ?? 0);
  });
});
