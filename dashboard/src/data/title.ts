/** What the tab is called: most exact first, because tabs are narrow. */
import { effect, signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';

import { location } from './location.ts';
import { toRoute } from './routes.ts';

const PRODUCT = 'Offhook';

/** What the screen says of itself; null where the name of the screen is enough. */
const own = signal<readonly string[] | null>(null);

/** `useTitle('Call 42', 'Calls')` makes "Call 42 · Calls · Offhook"; without it a screen has its name of the navigation. */
export function useTitle(...parts: readonly string[]): void {
  const key = parts.join('\n');
  // With what is shown, not a frame after it: a tab never bears the name of the screen before.
  useLayoutEffect(() => {
    own.value = parts;
    return () => {
      if (own.peek() === parts) own.value = null;
    };
  }, [key]);
}

export function startTitle(): void {
  effect(() => {
    const parts = own.value ?? [toRoute(location.value.path)?.title ?? 'Not found'];
    document.title = [...parts, PRODUCT].join(' · ');
  });
}
