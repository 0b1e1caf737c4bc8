import { signal } from '@preact/signals';
import { makePacer } from './pacer.ts';

const GAP_MS = 5_000;

const line = signal('');
const pacer = makePacer({
  gapMs: GAP_MS,
  say: (text) => {
    line.value = text;
  },
  now: () => Date.now(),
  later: (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
});

/**
 * Says it to those who listen to the page, at most once per 5 s: of what comes in between only the newest is said.
 * Urgent is what answers somebody's own key or click, which must not wait.
 */
export function announce(text: string, options: { readonly isUrgent?: boolean } = {}): void {
  pacer.push(text, options.isUrgent === true);
}

/** Once per page, in the shell. */
export function StatusLine() {
  return (
    <div class="visually-hidden" role="status" aria-live="polite">
      {line}
    </div>
  );
}
