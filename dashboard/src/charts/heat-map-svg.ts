/** The heat map as an SVG file: the one in the page is a table, which no image viewer opens. */
import type { HeatCell } from './heat-map.tsx';

import { toHeatLevel } from './heat-levels.ts';
import { WEEKDAYS } from './heat-map.tsx';

const CELL = 22;
const GAP = 2;
const LEFT = 44;
const TOP = 40;

/** Colours are those the table wears in the page now. */
export function toHeatSvg(
  frame: HTMLElement,
  cells: readonly HeatCell[],
  ink: 'active' | 'failed',
  title: string,
): string {
  const max = cells.reduce((most, cell) => Math.max(most, cell.value), 0);
  const style = getComputedStyle(frame);
  const colors = [0, 1, 2, 3, 4, 5, 6].map((level) => readColor(frame, ink, level));
  const width = LEFT + 24 * CELL + GAP;
  const height = TOP + 7 * CELL + GAP;
  const text = (x: number, y: number, content: string, anchor: string) =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="11" fill="${style.color}">${content}</text>`;
  const parts = [
    `<rect width="${width}" height="${height}" fill="${readColor(frame, ink, null)}"/>`,
    text(LEFT, 15, escapeText(title), 'start'),
    ...WEEKDAYS.map((day, index) =>
      text(LEFT - 8, TOP + index * CELL + CELL / 2 + 4, day.slice(0, 3), 'end'),
    ),
    ...[0, 3, 6, 9, 12, 15, 18, 21].map((hour) =>
      text(LEFT + hour * CELL + CELL / 2, TOP - 8, String(hour), 'middle'),
    ),
    ...cells.map((cell) => {
      const x = LEFT + cell.hour * CELL + GAP / 2;
      const y = TOP + (cell.weekday - 1) * CELL + GAP / 2;
      const fill = colors[toHeatLevel(cell.value, max)] ?? 'none';
      return `<rect x="${x}" y="${y}" width="${CELL - GAP}" height="${CELL - GAP}" rx="3" fill="${fill}"><title>${cell.value}</title></rect>`;
    }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escapeText(style.fontFamily)}">${parts.join('')}</svg>`;
}

/** Of a level, as the style sheet has it; of the ground where the level is null. */
function readColor(frame: HTMLElement, ink: string, level: number | null): string {
  const probe = document.createElement('span');
  probe.className = level === null ? 'heat-map-ground' : 'heat-map-key';
  const scale = document.createElement('span');
  scale.className = 'heat-map-scale';
  scale.dataset['ink'] = ink;
  if (level !== null) probe.dataset['level'] = String(level);
  scale.append(probe);
  frame.append(scale);
  const color = getComputedStyle(probe).backgroundColor;
  scale.remove();
  return color;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
