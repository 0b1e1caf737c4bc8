/**
 * Colours for what is painted on a canvas, taken from the CSS tokens (`--chart-*` in charts.css), so that a chart follows
 * theme, forced colours and print as the rest of the page does.
 */
import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';

export const CHART_INKS = [
  'ended',
  'failed',
  'connected',
  'active',
  'active-soft',
  'previous',
  'failed-soft',
  'muted',
  'grid',
  'surface',
] as const;
export type ChartInk = (typeof CHART_INKS)[number];

export interface ChartTheme {
  readonly inks: Readonly<Record<ChartInk, string>>;
  readonly font: string;
  /** Few colours are left: shapes must tell parts of a bar apart. */
  readonly isForced: boolean;
}

const version = signal(0);
/** Grows whenever colours may have changed. */
export const themeVersion: ReadonlySignal<number> = version;

/** Reads through a probe: a token that is `light-dark()` has no colour of its own until something wears it. */
export function readChartTheme(host: HTMLElement): ChartTheme {
  const probe = document.createElement('span');
  probe.hidden = true;
  // Else the browser would make all of them the one colour of text.
  probe.style.setProperty('forced-color-adjust', 'none');
  host.append(probe);
  const inks = {} as Record<ChartInk, string>;
  const style = getComputedStyle(probe);
  for (const ink of CHART_INKS) {
    probe.style.color = `var(--chart-${ink})`;
    inks[ink] = style.color;
  }
  probe.remove();
  return {
    inks,
    font: `11px ${getComputedStyle(host).fontFamily}`,
    isForced: matchMedia('(forced-colors: active)').matches,
  };
}

function change(): void {
  version.value += 1;
}

for (const query of [
  '(prefers-color-scheme: dark)',
  '(forced-colors: active)',
  '(prefers-contrast: more)',
  'print',
])
  matchMedia(query).addEventListener('change', change);
// The theme switch marks the root.
new MutationObserver(change).observe(document.documentElement, { attributes: true });
