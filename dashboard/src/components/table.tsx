import './table.css';
import { Component } from 'preact';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ApiFault } from '../data/api.ts';
import { formatCount } from '../data/format.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';
import { ProblemNote } from './problem.tsx';
import { listenToRows } from './table-keys.ts';
import { IsInRow } from './time.tsx';

export interface Column<T> {
  readonly key: string;
  readonly title: string;
  /** The first column's stands inside the row's link: text and badges there, no links or buttons. */
  readonly render: (row: T) => ComponentChildren;
  readonly align?: 'start' | 'end' | undefined;
  /** A track of CSS grid that does not ask its content ("8rem", "minmax(0, 2fr)"), so that live rows keep the columns still. */
  readonly width?: string | undefined;
  /** Of the table's own width: sm 36rem, md 56rem. */
  readonly hideBelow?: 'sm' | 'md' | undefined;
  readonly sortable?: boolean | undefined;
  readonly isTitleHidden?: boolean | undefined;
}

export interface Sort {
  readonly key: string;
  readonly isDescending: boolean;
}

export interface TableProps<T> {
  readonly caption: string;
  readonly isCaptionShown?: boolean | undefined;
  /** Keep its identity (a constant, useMemo): rows are drawn anew when it or their row changes. */
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly rowKey: (row: T) => string;
  /** Without it rows are no links. */
  readonly rowHref?: ((row: T) => string) | undefined;
  /** The one that is open beside the table. */
  readonly selectedKey?: string | null | undefined;
  /** A plain click or Enter, instead of following the link; new tabs stay the browser's. */
  readonly onOpen?: ((row: T) => void) | undefined;
  readonly rowTone?: ((row: T) => 'bad' | 'warn' | 'quiet' | undefined) | undefined;

  /** With onCheckedChange there is a column of checkboxes, and x. */
  readonly checked?: ReadonlySet<string> | undefined;
  readonly onCheckedChange?: ((keys: ReadonlySet<string>) => void) | undefined;
  /** Names a row's checkbox: "Select call abc". */
  readonly rowLabel?: ((row: T) => string) | undefined;

  readonly sort?: Sort | undefined;
  readonly onSort?: ((sort: Sort) => void) | undefined;

  readonly isLoading?: boolean | undefined;
  readonly fault?: ApiFault | null | undefined;
  readonly onRetry?: (() => void) | undefined;
  /** Shown instead of rows when there are none. */
  readonly empty?: ComponentChildren;

  readonly hasMore?: boolean | undefined;
  readonly onLoadMore?: (() => void) | undefined;
  /** "50 of more than 1,000"; else "50 shown". */
  readonly countText?: string | undefined;

  readonly newCount?: number | undefined;
  readonly onShowNew?: (() => void) | undefined;
  /** On narrow screens: cards (each value with its title), or only fewer columns. */
  readonly narrow?: 'cards' | 'columns' | undefined;
}

const SKELETON_ROWS = 8;
/** From here on rows out of sight are not laid out: of a page of 50 two thirds, which makes another tab show a third sooner. */
const LONG_ROWS_MIN = 30;

export function Table<T>({
  caption,
  isCaptionShown = false,
  columns,
  rows,
  rowKey,
  rowHref,
  selectedKey = null,
  onOpen,
  rowTone,
  checked,
  onCheckedChange,
  rowLabel,
  sort,
  onSort,
  isLoading = false,
  fault = null,
  onRetry,
  empty,
  hasMore = false,
  onLoadMore,
  countText,
  newCount = 0,
  onShowNew,
  narrow = 'cards',
}: TableProps<T>) {
  const box = useRef<HTMLDivElement>(null);
  const hasChecks = onCheckedChange !== undefined;
  useLayoutEffect(() => {
    const style = box.current?.style;
    style?.setProperty('--columns', toTracks(columns, hasChecks, []));
    style?.setProperty('--columns-md', toTracks(columns, hasChecks, ['md']));
    style?.setProperty('--columns-sm', toTracks(columns, hasChecks, ['md', 'sm']));
  }, [columns, hasChecks]);
  // With the rows, not a frame after them: j counts as soon as there is a row to go to.
  useLayoutEffect(() => (box.current === null ? undefined : listenToRows(box.current)), []);

  // Rows are skipped when nothing of theirs changed, so what they call must be found here, not closed over.
  const acts = useRef<RowActs<T>>({ open: () => false, check: () => {} });
  const lastChecked = useRef<string | null>(null);
  acts.current = {
    open: (row) => {
      onOpen?.(row);
      return onOpen !== undefined;
    },
    check: (key, isOn, isRange) => {
      const next = new Set(checked);
      for (const one of isRange ? toRange(rows.map(rowKey), lastChecked.current, key) : [key]) {
        if (isOn) next.add(one);
        else next.delete(one);
      }
      lastChecked.current = key;
      onCheckedChange?.(next);
    },
  };

  const isEmpty = rows.length === 0;
  const isFirstLoad = isLoading && isEmpty;
  return (
    <div class="table-box" ref={box} data-narrow={narrow}>
      {newCount > 0 && onShowNew !== undefined && (
        <div class="table-new">
          <Button kind="primary" size="small" icon="arrow-up" onClick={onShowNew}>
            {formatCount(newCount)} new – show
          </Button>
        </div>
      )}
      {fault !== null && (
        <ProblemNote fault={fault} onRetry={onRetry} isRetrying={isLoading} isCompact={!isEmpty} />
      )}
      {/* The roles are the elements' own; said again because browsers drop them from tables laid out as grids. */}
      <table
        class="table"
        role="table"
        aria-busy={isLoading ? 'true' : undefined}
        data-long={rows.length >= LONG_ROWS_MIN ? '' : undefined}
      >
        <caption class={isCaptionShown ? undefined : 'visually-hidden'}>{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {hasChecks && (
              <th role="columnheader" class="table-check">
                <AllBox rows={rows} rowKey={rowKey} checked={checked} onChange={onCheckedChange} />
              </th>
            )}
            {columns.map((column) => (
              <HeadCell key={column.key} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          <IsInRow.Provider value>
            {isFirstLoad && fault === null
              ? Array.from({ length: SKELETON_ROWS }, (_, index) => (
                  <tr key={index} role="row" class="table-skeleton" aria-hidden="true">
                    {hasChecks && <td role="cell" />}
                    {columns.map((column, at) => (
                      <td key={column.key} role="cell" data-hide={column.hideBelow} data-align={column.align}>
                        <span class="skeleton-bar" data-width={(index + at) % 3} />
                      </td>
                    ))}
                  </tr>
                ))
              : rows.map((row) => {
                  const key = rowKey(row);
                  return (
                    <Row
                      key={key}
                      id={key}
                      row={row}
                      columns={columns as readonly Column<unknown>[]}
                      href={rowHref?.(row)}
                      tone={rowTone?.(row)}
                      isSelected={key === selectedKey}
                      isChecked={hasChecks ? (checked?.has(key) ?? false) : null}
                      label={rowLabel?.(row) ?? key}
                      acts={acts as unknown as Acts}
                    />
                  );
                })}
          </IsInRow.Provider>
        </tbody>
      </table>
      {isEmpty && !isLoading && fault === null && <div class="table-empty">{empty}</div>}
      {!isEmpty && (
        <div class="table-foot">
          <span class="table-count">{countText ?? `${formatCount(rows.length)} shown`}</span>
          {hasMore && onLoadMore !== undefined && (
            <Button size="small" isBusy={isLoading} onClick={onLoadMore}>
              Load more
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

interface RowActs<T> {
  /** False where the link is to be followed. */
  readonly open: (row: T) => boolean;
  readonly check: (key: string, isOn: boolean, isRange: boolean) => void;
}

interface Acts {
  readonly current: RowActs<unknown>;
}

interface RowProps {
  readonly id: string;
  readonly row: unknown;
  readonly columns: readonly Column<unknown>[];
  readonly href: string | undefined;
  readonly tone: string | undefined;
  readonly isSelected: boolean;
  /** Null without checkboxes. */
  readonly isChecked: boolean | null;
  readonly label: string;
  readonly acts: Acts;
}

/** A class for shouldComponentUpdate: with 500 rows a live list draws only those that changed. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const { props } = this;
    return (
      next.row !== props.row ||
      next.columns !== props.columns ||
      next.href !== props.href ||
      next.tone !== props.tone ||
      next.isSelected !== props.isSelected ||
      next.isChecked !== props.isChecked ||
      next.label !== props.label
    );
  }

  override render({ id, row, columns, href, tone, isSelected, isChecked, label, acts }: RowProps) {
    return (
      <tr
        role="row"
        class="table-row"
        data-row-key={id}
        data-tone={tone}
        data-link={href === undefined ? undefined : ''}
        data-checked={isChecked === true ? '' : undefined}
        aria-selected={isSelected || isChecked === true ? 'true' : undefined}
        data-open={isSelected ? '' : undefined}
      >
        {isChecked !== null && (
          <td role="cell" class="table-check">
            <label class="checkbox">
              <input
                type="checkbox"
                checked={isChecked}
                onClick={(event) => acts.current.check(id, event.currentTarget.checked, event.shiftKey)}
              />
              <span class="visually-hidden">Select {label}</span>
            </label>
          </td>
        )}
        {columns.map((column, at) => {
          const content = column.render(row);
          return (
            <td
              key={column.key}
              role="cell"
              data-align={column.align}
              data-hide={column.hideBelow}
              data-title={column.isTitleHidden === true ? undefined : column.title}
              data-first={at === 0 ? '' : undefined}
            >
              {at === 0 && href !== undefined ? (
                <a
                  class="table-link"
                  href={href}
                  aria-current={isSelected ? 'true' : undefined}
                  onClick={(event) => {
                    const isPlain =
                      event.button === 0 &&
                      !event.metaKey &&
                      !event.ctrlKey &&
                      !event.shiftKey &&
                      !event.altKey;
                    if (isPlain && acts.current.open(row)) event.preventDefault();
                  }}
                >
                  {content}
                </a>
              ) : (
                content
              )}
            </td>
          );
        })}
      </tr>
    );
  }
}

function HeadCell<T>({
  column,
  sort,
  onSort,
}: {
  readonly column: Column<T>;
  readonly sort: Sort | undefined;
  readonly onSort: ((sort: Sort) => void) | undefined;
}) {
  const isSorted = sort?.key === column.key;
  const direction = isSorted ? (sort.isDescending ? 'descending' : 'ascending') : undefined;
  return (
    <th
      role="columnheader"
      scope="col"
      data-align={column.align}
      data-hide={column.hideBelow}
      aria-sort={direction}
    >
      {column.sortable === true && onSort !== undefined ? (
        <button
          type="button"
          class="table-sort"
          data-sorted={direction}
          onClick={() => onSort({ key: column.key, isDescending: isSorted ? !sort.isDescending : true })}
        >
          {column.title}
          <Icon name={isSorted && !sort.isDescending ? 'arrow-up' : 'arrow-down'} />
        </button>
      ) : (
        <span class={column.isTitleHidden === true ? 'visually-hidden' : undefined}>{column.title}</span>
      )}
    </th>
  );
}

function AllBox<T>({
  rows,
  rowKey,
  checked,
  onChange,
}: {
  readonly rows: readonly T[];
  readonly rowKey: (row: T) => string;
  readonly checked: ReadonlySet<string> | undefined;
  readonly onChange: ((keys: ReadonlySet<string>) => void) | undefined;
}) {
  const ref = useRef<HTMLInputElement>(null);
  const count = rows.filter((row) => checked?.has(rowKey(row)) === true).length;
  const isAll = count > 0 && count === rows.length;
  useLayoutEffect(() => {
    if (ref.current !== null) ref.current.indeterminate = count > 0 && !isAll;
  }, [count, isAll]);
  return (
    <label class="checkbox">
      <input
        ref={ref}
        type="checkbox"
        checked={isAll}
        disabled={rows.length === 0}
        onClick={() => {
          const next = new Set(checked);
          for (const row of rows) {
            if (isAll) next.delete(rowKey(row));
            else next.add(rowKey(row));
          }
          onChange?.(next);
        }}
      />
      <span class="visually-hidden">Select all {rows.length} rows of this list</span>
    </label>
  );
}

function toTracks<T>(columns: readonly Column<T>[], hasChecks: boolean, hidden: readonly string[]): string {
  const tracks = columns
    .filter(({ hideBelow }) => hideBelow === undefined || !hidden.includes(hideBelow))
    .map(({ width }) => width ?? 'minmax(0, 1fr)');
  return [...(hasChecks ? ['2.25rem'] : []), ...tracks].join(' ');
}

/** From the one that was clicked before to this one, whichever way. */
function toRange(keys: readonly string[], from: string | null, to: string): readonly string[] {
  const start = from === null ? -1 : keys.indexOf(from);
  const end = keys.indexOf(to);
  if (start < 0 || end < 0) return [to];
  return keys.slice(Math.min(start, end), Math.max(start, end) + 1);
}
