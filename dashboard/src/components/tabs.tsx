import './tabs.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface Tab {
  readonly key: string;
  readonly title: string;
  /** Tabs live in the URL: a click, a middle click and "back" do what they do with links. */
  readonly href: string;
  readonly count?: ComponentChildren;
}

export interface TabsProps {
  /** Names the panel too: the TabPanel takes the same id. */
  readonly id: string;
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly current: string;
}

export function Tabs({ id, label, tabs, current }: TabsProps) {
  const ref = useRef<HTMLDivElement>(null);

  // On narrow screens the row scrolls, and where one stands must be seen.
  useEffect(() => {
    const tab = ref.current?.querySelector<HTMLElement>('[aria-selected=true]');
    const row = ref.current;
    if (tab === null || tab === undefined || row === null) return;
    if (
      tab.offsetLeft < row.scrollLeft ||
      tab.offsetLeft + tab.offsetWidth > row.scrollLeft + row.clientWidth
    )
      row.scrollLeft = tab.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
  }, [current]);

  function onKeyDown(event: KeyboardEvent) {
    const links = [...(ref.current?.querySelectorAll<HTMLAnchorElement>('[role=tab]') ?? [])];
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    if (at < 0) return;
    const next = toNext(event.key, at, links.length);
    if (next !== null) {
      event.preventDefault();
      links[next]?.focus();
    } else if (event.key === ' ') {
      event.preventDefault();
      links[at]?.click();
    }
  }

  return (
    <div class="tabs" role="tablist" aria-label={label} ref={ref} onKeyDown={onKeyDown}>
      {tabs.map((tab) => {
        const isCurrent = tab.key === current;
        return (
          <a
            key={tab.key}
            id={`${id}-tab-${tab.key}`}
            class="tab"
            role="tab"
            href={tab.href}
            aria-selected={isCurrent}
            aria-controls={isCurrent ? `${id}-panel` : undefined}
            tabIndex={isCurrent ? 0 : -1}
          >
            {tab.title}
            {tab.count !== undefined && <span class="tab-count">{tab.count}</span>}
          </a>
        );
      })}
    </div>
  );
}

export function TabPanel({
  id,
  current,
  children,
}: {
  readonly id: string;
  readonly current: string;
  readonly children: ComponentChildren;
}) {
  return (
    <div class="tab-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-tab-${current}`}>
      {children}
    </div>
  );
}

/** Focus moves, the page does not: opening a tab asks the hub, so it waits for Enter or Space. */
function toNext(key: string, at: number, length: number): number | null {
  switch (key) {
    case 'ArrowRight':
      return (at + 1) % length;
    case 'ArrowLeft':
      return (at - 1 + length) % length;
    case 'Home':
      return 0;
    case 'End':
      return length - 1;
    default:
      return null;
  }
}
