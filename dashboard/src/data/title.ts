/** What the tab is called: most exact first, because tabs are narrow. */
import { useEffect } from 'preact/hooks';

const PRODUCT = 'Offhook';

/** `useTitle('Call 42', 'Calls')` makes "Call 42 · Calls · Offhook". */
export function useTitle(...parts: readonly string[]): void {
  const text = [...parts, PRODUCT].join(' · ');
  useEffect(() => {
    document.title = text;
  }, [text]);
}
