/**
 * What every chart has around it: its name, one sentence that says what it shows, and the ways out of it: as a table, as
 * CSV, as an image, as a link that shows the same to somebody else tomorrow.
 */
import './charts.css';
import './chart-frame.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { ChartCell, ChartColumn, ChartTable } from './chart-table.ts';

import { IconButton } from '../components/button.tsx';
import { copyText } from '../components/copy-button.tsx';
import { announce } from '../components/status-line.tsx';
import { showToast } from '../components/toast.tsx';
import { formatCount, formatDateTime, formatLatency, formatPercent, NOTHING } from '../data/format.ts';
import { location } from '../data/location.ts';
import { toCsv } from './chart-csv.ts';
import { toPng, toSvgFile } from './chart-image.ts';
import { saveFile } from './save-file.ts';

export interface ChartFrameProps {
  /** Fragment of its permalink, and the name of its files. */
  readonly id: string;
  readonly title: string;
  readonly subtitle?: string | undefined;
  /** One sentence for those who do not see the picture. */
  readonly summary: string;
  readonly table: ChartTable;
  /** Without ".csv". */
  readonly csvName: string;
  /** An address that shows this picture for good, of its id. */
  readonly permalink: (id: string) => string;
  /** Where the chart is neither canvas nor SVG: the text of an SVG file. */
  readonly toSvg?: ((frame: HTMLElement) => string) | undefined;
  /** Said instead of an empty picture. */
  readonly empty?: ComponentChildren;
  /** Nothing has come yet: the frame keeps its place. */
  readonly isLoading?: boolean | undefined;
  /** Beside the buttons: what else can be chosen. */
  readonly controls?: ComponentChildren;
  /** A table already: it needs no view as one, and is no image. */
  readonly isTabular?: boolean | undefined;
  /** Takes both columns. */
  readonly isWide?: boolean | undefined;
  readonly children?: ComponentChildren;
}

export function ChartFrame({
  id,
  title,
  subtitle,
  summary,
  table,
  csvName,
  permalink,
  toSvg,
  empty,
  isLoading = false,
  controls,
  isTabular = false,
  isWide = false,
  children,
}: ChartFrameProps) {
  const frame = useRef<HTMLElement>(null);
  const [isTable, setTable] = useState(false);
  const headingId = useId();
  const isEmpty = empty !== undefined && empty !== null && empty !== false;
  const isTarget = location.value.hash === id;

  useEffect(() => {
    // Charts come after the page, when the browser has looked for the fragment already.
    if (isTarget && !isLoading) frame.current?.scrollIntoView({ block: 'center' });
  }, [isTarget, isLoading]);

  async function saveImage(): Promise<void> {
    const element = frame.current;
    if (element === null) return;
    const text = { title, subtitle: subtitle ?? '' };
    const canvas = element.querySelector('canvas');
    const svg = element.querySelector<SVGSVGElement>('.chart-body > * > svg');
    try {
      if (toSvg !== undefined) saveFile(`${csvName}.svg`, toSvg(element), SVG_TYPE);
      else if (canvas !== null) saveFile(`${csvName}.png`, await toPng(element, canvas, text));
      else if (svg !== null) saveFile(`${csvName}.svg`, toSvgFile(element, svg, text), SVG_TYPE);
    } catch {
      showToast('The image could not be made. The table and the CSV file hold the same numbers.', {
        kind: 'alert',
      });
    }
  }

  async function copyLink(): Promise<void> {
    try {
      await copyText(new URL(permalink(id), globalThis.location.href).href);
      showToast('Link copied: it shows this very range, whenever it is opened.');
    } catch {
      showToast('The link could not be copied: the browser refused.', { kind: 'alert' });
    }
  }

  return (
    <figure
      ref={frame}
      id={id}
      class="chart-frame"
      aria-labelledby={headingId}
      aria-busy={isLoading}
      data-wide={isWide ? '' : undefined}
      data-target={isTarget ? '' : undefined}
    >
      <div class="chart-head">
        <div class="chart-words">
          <h2 id={headingId}>{title}</h2>
          {subtitle !== undefined && <p class="chart-subtitle">{subtitle}</p>}
        </div>
        <div class="chart-tools">
          {controls}
          {!isLoading && !isEmpty && (
            <div class="chart-buttons" role="group" aria-label={`${title}: other forms`}>
              {!isTabular && (
                <IconButton
                  icon="table"
                  label="View as table"
                  size="small"
                  isPressed={isTable}
                  onClick={() => setTable(!isTable)}
                />
              )}
              <IconButton
                icon="download"
                label="Download CSV"
                size="small"
                onClick={() => {
                  saveFile(`${csvName}.csv`, toCsv(table), 'text/csv;charset=utf-8');
                  announce(`${csvName}.csv is being saved`, { isUrgent: true });
                }}
              />
              {!isTabular && !isTable && (
                <IconButton
                  icon="image"
                  label="Download image"
                  size="small"
                  onClick={() => void saveImage()}
                />
              )}
              <IconButton
                icon="link"
                label="Copy permalink"
                size="small"
                tipSide="left"
                onClick={() => void copyLink()}
              />
            </div>
          )}
        </div>
      </div>
      <figcaption class="visually-hidden">{isLoading ? `${title}: loading` : summary}</figcaption>
      <div class="chart-body">
        {isLoading ? (
          <div class="chart-skeleton" aria-hidden="true" />
        ) : isEmpty ? (
          <div class="chart-empty">{empty}</div>
        ) : isTable ? (
          <ChartAsTable table={table} caption={title} />
        ) : (
          children
        )}
      </div>
    </figure>
  );
}

const SVG_TYPE = 'image/svg+xml';

function ChartAsTable({ table, caption }: { readonly table: ChartTable; readonly caption: string }) {
  return (
    <div class="chart-table-scroll" role="region" aria-label={`${caption}, as a table`} tabIndex={0}>
      <table class="chart-table">
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {table.columns.map((column) => (
              <th key={column.label} scope="col" data-kind={column.kind}>
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, index) => {
                const column = table.columns[index];
                const text = formatCell(cell, column);
                return index === 0 ? (
                  <th key={index} scope="row" data-kind={column?.kind}>
                    {text}
                  </th>
                ) : (
                  <td key={index} data-kind={column?.kind}>
                    {text}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function formatCell(cell: ChartCell, column: ChartColumn | undefined): string {
  if (cell === null) return NOTHING;
  if (typeof cell === 'string') return cell;
  switch (column?.kind) {
    case 'rate':
      return formatPercent(cell);
    case 'duration':
      return formatLatency(cell);
    case 'time':
      return formatDateTime(cell);
    case 'count':
    case 'text':
    case undefined:
      return formatCount(cell);
  }
}
