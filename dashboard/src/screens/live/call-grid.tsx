import './call-grid.css';
import { Component } from 'preact';
import type { Tile } from './live-calls.ts';

import { CallStateBadge } from '../../components/badge.tsx';
import { Icon } from '../../components/icon.tsx';
import type { IconName } from '../../components/icon.tsx';
import { PhoneNumber } from '../../components/number.tsx';
import { LiveDuration } from '../../components/time.tsx';
import { formatCount, formatDuration } from '../../data/format.ts';
import { groupByNumber, toSinceMs } from './live-calls.ts';

export interface CallGridProps {
  readonly tiles: readonly Tile[];
  readonly isGrouped: boolean;
}

export function CallGrid({ tiles, isGrouped }: CallGridProps) {
  if (!isGrouped) return <Tiles tiles={tiles} label="Active calls" />;
  return (
    <>
      {groupByNumber(tiles).map((group) => (
        <section key={group.key} class="call-group">
          <h3 class="call-group-head">
            <PhoneNumber value={group.number} name={group.name} empty="Without a number" />
            <span class="muted"> {formatCount(group.tiles.length)}</span>
          </h3>
          <Tiles tiles={group.tiles} label={group.name ?? group.number ?? 'Without a number'} />
        </section>
      ))}
    </>
  );
}

function Tiles({ tiles, label }: { readonly tiles: readonly Tile[]; readonly label: string }) {
  return (
    <ul class="call-tiles" aria-label={label}>
      {tiles.map((tile) => (
        <CallTile key={tile.call.id} tile={tile} />
      ))}
    </ul>
  );
}

/** Ticking changes a text node only; a tile renders again when its call changed. */
class CallTile extends Component<{ readonly tile: Tile }> {
  override shouldComponentUpdate(next: { readonly tile: Tile }): boolean {
    return next.tile !== this.props.tile;
  }

  override render() {
    return <TileBody tile={this.props.tile} />;
  }
}

function TileBody({ tile }: { readonly tile: Tile }) {
  const { call, overSinceMs } = tile;
  const type = TYPES.get(call.type ?? '') ?? { icon: 'speaker' as const, word: call.type ?? 'Unknown type' };
  const isOver = overSinceMs !== null;
  const isWeb = call.type === 'web_call';
  return (
    <li
      class="call-tile"
      data-state={isOver ? call.state : call.stale ? 'stale' : 'live'}
      data-call-id={call.id}
    >
      <a class="call-tile-link" href={`/calls/${encodeURIComponent(call.id)}`}>
        <span class="call-tile-ours">
          <PhoneNumber
            value={call.phone_number?.name == null ? call.phone_number?.number : call.phone_number.name}
            empty={isWeb ? 'Web call' : 'Unknown number'}
          />
        </span>
      </a>
      <span class="call-tile-theirs">
        <PhoneNumber
          value={call.customer?.number}
          empty={isWeb ? 'Browser' : call.type === null ? 'Number not said' : 'Number withheld'}
        />
      </span>
      <span class="call-tile-time">
        {isOver ? formatDuration(call.duration_ms) : <LiveDuration sinceMs={toSinceMs(call)} />}
      </span>
      <span class="call-tile-foot">
        {isOver || call.stale ? (
          <CallStateBadge state={call.state} isStale={call.stale} isPlain />
        ) : (
          <span class="call-tile-type">
            <Icon name={type.icon} />
            {type.word}
          </span>
        )}
        {call.stale && !isOver && (
          <span>
            no end for <LiveDuration sinceMs={call.live_since ?? call.updated_at} />
          </span>
        )}
      </span>
    </li>
  );
}

const TYPES: ReadonlyMap<string, { readonly icon: IconName; readonly word: string }> = new Map([
  ['inbound_phone_call', { icon: 'phone-in', word: 'Inbound' }],
  ['outbound_phone_call', { icon: 'phone-out', word: 'Outbound' }],
  ['web_call', { icon: 'web', word: 'Web' }],
] as const);
