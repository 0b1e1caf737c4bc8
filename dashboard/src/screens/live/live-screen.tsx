import './live-screen.css';
import type { CallView, Page } from '../../data/types.ts';
import type { Tile, TileOrder } from './live-calls.ts';
import type { RefObject } from 'preact';

import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../../components/button.tsx';
import { Empty } from '../../components/empty.tsx';
import { Select, Switch } from '../../components/field.tsx';
import { PageHead, Section } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { request, toApiFault } from '../../data/api.ts';
import type { ApiFault } from '../../data/api.ts';
import { nowMs, readNowMs } from '../../data/clock.ts';
import { formatCount } from '../../data/format.ts';
import { location, setQuery } from '../../data/location.ts';
import { onCalls, onResync, overview } from '../../data/stream.ts';
import { isKiosk, useKioskPage } from '../../shell/kiosk.tsx';
import { CallGrid } from './call-grid.tsx';
import { ErrorFeed } from './error-feed.tsx';
import { createLiveCalls, TILES_MAX } from './live-calls.ts';
import { SilenceNote } from './silence-note.tsx';
import { ThresholdsDialog } from './thresholds-dialog.tsx';
import { Wallboard } from './wallboard.tsx';

const PAGE_CALLS = 200;
/** Until the first are drawn and their size is known. */
const KIOSK_TILES = 24;

/** The wallboard: what is, now. */
export function LiveScreen() {
  const { query } = location.value;
  const order: TileOrder = query.get('sort') === 'newest' ? 'newest' : 'longest';
  const isGrouped = query.get('group') === 'number';
  const [isSetting, setSetting] = useState(false);
  const { tiles, fault, isLoading, reload } = useLiveCalls(order);
  const now = overview.value;

  if (isKiosk.value) return <KioskWall tiles={tiles} order={order} />;
  return (
    <div class="live">
      <PageHead
        title="Live"
        actions={
          <Button kind="quiet" icon="bell" onClick={() => setSetting(true)}>
            Thresholds
          </Button>
        }
      />
      {now !== null && <SilenceNote sources={now.sources} />}
      <Wallboard overview={now} />
      <div class="live-columns">
        <Section
          title="Active calls"
          hint={toHint(tiles, now?.active ?? null)}
          actions={
            <>
              <Switch
                label="By number"
                isOn={isGrouped}
                onChange={(isOn) => setQuery({ group: isOn ? 'number' : null })}
              />
              <Select
                aria-label="Order of calls"
                size="small"
                value={order}
                onValue={(value) => setQuery({ sort: value === 'longest' ? null : value })}
                options={[
                  { value: 'longest', label: 'Longest first' },
                  { value: 'newest', label: 'Newest first' },
                ]}
              />
            </>
          }
        >
          {fault !== null && tiles.length === 0 ? (
            <ProblemNote fault={fault} onRetry={reload} isRetrying={isLoading} />
          ) : tiles.length === 0 && isLoading ? (
            <div class="live-wait" aria-busy="true" />
          ) : tiles.length === 0 ? (
            <NoCalls />
          ) : (
            <CallGrid tiles={tiles} isGrouped={isGrouped} />
          )}
        </Section>
        <Section title="Errors" hint="24 hours, grouped" actions={<a href="/calls?tab=errors">All errors</a>}>
          <ErrorFeed />
        </Section>
      </div>
      {isSetting && <ThresholdsDialog isOpen onClose={() => setSetting(false)} />}
    </div>
  );
}

/** No chrome, no scroll: tiles, and pages of calls that turn by themselves. */
function KioskWall({ tiles, order }: { readonly tiles: readonly Tile[]; readonly order: TileOrder }) {
  const area = useRef<HTMLDivElement>(null);
  const fitting = useFitting(area, tiles.length > 0);
  const pages = Math.max(1, Math.ceil(tiles.length / fitting));
  const page = useKioskPage(pages);
  const now = overview.value;
  return (
    <div class="live live-kiosk">
      <h1 class="visually-hidden">Live</h1>
      {now !== null && <SilenceNote sources={now.sources} />}
      <Wallboard overview={now} />
      <div class="live-columns">
        <section aria-label="Active calls">
          {tiles.length === 0 ? (
            <Empty title="No call is active" icon="live" />
          ) : (
            <div class="live-fitted" ref={area}>
              <CallGrid tiles={tiles.slice(page * fitting, (page + 1) * fitting)} isGrouped={false} />
            </div>
          )}
          {pages > 1 && (
            <p class="muted">
              {order === 'longest' ? 'Longest' : 'Newest'} first, page {page + 1} of {pages}
            </p>
          )}
        </section>
        <section aria-label="Errors">
          <ErrorFeed />
        </section>
      </div>
    </div>
  );
}

/** How many tiles the area holds. Nobody scrolls a wall screen: what does not fit is shown on the next page. */
function useFitting(area: RefObject<HTMLDivElement | null>, isShown: boolean): number {
  const [fitting, setFitting] = useState(KIOSK_TILES);
  useEffect(() => {
    const { current } = area;
    if (current === null) return undefined;
    const observer = new ResizeObserver(() => {
      const list = current.querySelector('.call-tiles');
      if (list === null) return;
      const { gridTemplateColumns, rowGap } = getComputedStyle(list);
      const gap = Number.parseFloat(rowGap) || 0;
      // One that says more is taller, and may stand in any row.
      const height = Math.max(1, ...Array.from(list.children, (tile) => tile.getBoundingClientRect().height));
      const rows = Math.max(1, Math.floor((current.clientHeight + gap) / (height + gap)));
      setFitting(rows * gridTemplateColumns.split(' ').length);
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, [area, isShown]);
  return fitting;
}

function NoCalls() {
  const { origin } = globalThis.location;
  return (
    <Empty
      title="No call is active"
      icon="live"
      commands={[
        { label: 'Make one', text: `npm run offhook -- trigger lifecycle --url ${origin}` },
        {
          label: 'Or report one yourself',
          text: `curl -X PUT ${origin}/v1/calls/my-first-call/status -H "Authorization: Bearer $OFFHOOK_API_KEY" -H "Content-Type: application/json" -d '{"status":"in-progress"}'`,
        },
      ]}
    >
      Calls appear here the moment a source reports them.
    </Empty>
  );
}

function toHint(tiles: readonly Tile[], active: number | null): string {
  if (tiles.length >= TILES_MAX && active !== null && active > tiles.length)
    return `${formatCount(tiles.length)} of ${formatCount(active)} shown`;
  return '';
}

interface Wall {
  readonly tiles: readonly Tile[];
  readonly fault: ApiFault | null;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/** Reads the list once, then follows the stream; after a gap it reads the list again. */
function useLiveCalls(order: TileOrder): Wall {
  const wall = useRef(createLiveCalls());
  const [tiles, setTiles] = useState<readonly Tile[]>([]);
  const [fault, setFault] = useState<ApiFault | null>(null);
  const [isLoading, setLoading] = useState(true);
  const [loads, setLoads] = useState(0);
  const shownOrder = useRef(order);
  shownOrder.current = order;
  const show = (): void => setTiles(wall.current.toTiles(shownOrder.current));
  const reload = (): void => setLoads((count) => count + 1);

  useEffect(show, [order]);
  useEffect(() => {
    const controller = new AbortController();
    // What is told while the list is on its way is newer than the list.
    const changedMeanwhile: CallView[] = [];
    const stop = onCalls((calls) => void changedMeanwhile.push(...calls));
    setLoading(true);
    const load = async (): Promise<void> => {
      try {
        wall.current.replace(await readLiveCalls(controller.signal));
        wall.current.apply(changedMeanwhile, readNowMs());
        setFault(null);
        show();
      } catch (error) {
        if (!controller.signal.aborted) setFault(toApiFault(error));
      } finally {
        stop();
        if (!controller.signal.aborted) setLoading(false);
      }
    };
    void load();
    return () => {
      controller.abort();
      stop();
    };
  }, [loads]);
  useEffect(
    () =>
      onCalls((calls) => {
        if (wall.current.apply(calls, readNowMs())) show();
      }),
    [],
  );
  useEffect(
    () =>
      onResync((topics) => {
        if (topics.includes('calls')) reload();
      }),
    [],
  );
  // By the reading that the counts come from, so that a tile turns stale when it is counted as unknown.
  useEffect(
    () =>
      overview.subscribe((now) => {
        if (now !== null && wall.current.age(Date.parse(now.at) - now.stale_after_ms)) show();
      }),
    [],
  );
  useEffect(
    () =>
      nowMs.subscribe((now) => {
        if (wall.current.sweep(now)) show();
      }),
    [],
  );
  return { tiles, fault, isLoading, reload };
}

async function readLiveCalls(signal: AbortSignal): Promise<readonly CallView[]> {
  const calls: CallView[] = [];
  let cursor: string | undefined;
  do {
    const page = await request<Page<CallView>>('GET', '/v1/calls', {
      query: { q: 'state:live', limit: PAGE_CALLS, cursor },
      signal,
    });
    calls.push(...page.data);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined && calls.length < TILES_MAX);
  return calls;
}
