import './json-view.css';
import { useMemo, useState } from 'preact/hooks';
import { formatBytes, formatCount } from '../data/format.ts';
import { IconButton } from './button.tsx';
import { CopyButton } from './copy-button.tsx';
import { parseJsonTree, toOpenDepth } from './json-tree.ts';
import type { JsonEntry, JsonList, JsonNode } from './json-tree.ts';

export interface JsonViewProps {
  /** The text as it was sent; what is no JSON is shown as it is. */
  readonly text: string;
  /** Names the region: "Request body". */
  readonly label: string;
  /** How many levels are open at first; as many as fit without it. */
  readonly openDepth?: number | undefined;
  /** Grows with its content instead of scrolling. */
  readonly isUnbounded?: boolean | undefined;
}

/** Entries that are drawn at once; the rest by a button. */
const CHUNK_ENTRIES = 200;
/** Beyond it a string is cut until somebody asks for it. */
const STRING_CHARACTERS_MAX = 1_000;

interface Mode {
  readonly depth: number;
  /** Changes at "open all" and "close all", which forget what was opened by hand. */
  readonly version: number;
}

export function JsonView({ text, label, openDepth, isUnbounded = false }: JsonViewProps) {
  const root = useMemo(() => parseJsonTree(text), [text]);
  const firstDepth = useMemo(() => openDepth ?? (root === null ? 0 : toOpenDepth(root)), [root, openDepth]);
  const [mode, setMode] = useState<Mode | null>(null);
  const [isWrapped, setWrapped] = useState(true);
  const [isRaw, setRaw] = useState(false);
  const { depth, version } = mode ?? { depth: firstDepth, version: 0 };
  const isTree = root !== null && 'entries' in root && !isRaw;
  const isAllOpen = depth >= Number.MAX_SAFE_INTEGER;
  return (
    <section class="json" aria-label={label}>
      <div class="json-head">
        <span class="json-title">{label}</span>
        <span class="json-size">
          {root === null && text !== '' ? 'no JSON · ' : ''}
          {formatBytes(new Blob([text]).size)}
        </span>
        <span class="json-tools">
          {root !== null && 'entries' in root && (
            <>
              {!isRaw && (
                <IconButton
                  icon={isAllOpen ? 'minus' : 'plus'}
                  label={isAllOpen ? 'Close all' : 'Open all'}
                  size="small"
                  onClick={() =>
                    setMode({ depth: isAllOpen ? 1 : Number.MAX_SAFE_INTEGER, version: version + 1 })
                  }
                />
              )}
              <IconButton
                icon="code"
                label="Exactly as sent"
                isPressed={isRaw}
                size="small"
                onClick={() => setRaw(!isRaw)}
              />
            </>
          )}
          <IconButton
            icon="wrap"
            label="Wrap lines"
            isPressed={isWrapped}
            size="small"
            onClick={() => setWrapped(!isWrapped)}
          />
          <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} />
        </span>
      </div>
      <div
        class="json-body"
        data-wrap={isWrapped ? '' : undefined}
        data-unbounded={isUnbounded ? '' : undefined}
        // A box that scrolls must be reachable by keys.
        tabIndex={0}
        role="group"
        aria-label={`${label}, text`}
      >
        {isTree ? (
          <ul class="json-lines" key={version}>
            <Entry entry={{ name: null, node: root }} isLast depth={depth} />
          </ul>
        ) : text === '' ? (
          <p class="json-nothing">Empty</p>
        ) : (
          <pre class="json-raw">{text}</pre>
        )}
      </div>
    </section>
  );
}

function Entry({
  entry: { name, node },
  isLast,
  depth,
}: {
  readonly entry: JsonEntry;
  readonly isLast: boolean;
  /** Levels that are still to be open. */
  readonly depth: number;
}) {
  return 'entries' in node && node.entries.length > 0 ? (
    <List name={name} list={node} isLast={isLast} depth={depth} />
  ) : (
    <li class="json-line">
      <Name name={name} />
      <Leaf node={node} />
      {!isLast && <span class="json-mark">,</span>}
    </li>
  );
}

function List({
  name,
  list,
  isLast,
  depth,
}: {
  readonly name: string | null;
  readonly list: JsonList;
  readonly isLast: boolean;
  readonly depth: number;
}) {
  const [isOpen, setOpen] = useState(depth > 0);
  const [shown, setShown] = useState(CHUNK_ENTRIES);
  const [opening, closing] = list.kind === 'object' ? ['{', '}'] : ['[', ']'];
  const count = `${formatCount(list.entries.length)} ${list.kind === 'object' ? 'field' : 'item'}${list.entries.length === 1 ? '' : 's'}`;
  const left = list.entries.length - shown;
  return (
    <li class="json-line">
      <button
        type="button"
        class="json-toggle"
        aria-expanded={isOpen}
        aria-label={`${name === null ? list.kind : name}, ${count}`}
        onClick={() => setOpen(!isOpen)}
      />
      <Name name={name} />
      <span class="json-mark">{opening}</span>
      {!isOpen && (
        <button
          type="button"
          class="json-count"
          tabIndex={-1}
          aria-hidden="true"
          onClick={() => setOpen(true)}
        >
          {count}
        </button>
      )}
      {isOpen && (
        <ul class="json-lines">
          {list.entries.slice(0, shown).map((entry, at) => (
            <Entry key={at} entry={entry} isLast={at === list.entries.length - 1} depth={depth - 1} />
          ))}
          {left > 0 && (
            <li class="json-line">
              <button type="button" class="json-more" onClick={() => setShown(shown + CHUNK_ENTRIES)}>
                {formatCount(Math.min(CHUNK_ENTRIES, left))} more of {formatCount(left)}
              </button>
            </li>
          )}
        </ul>
      )}
      <span class="json-mark">
        {closing}
        {!isLast && ','}
      </span>
    </li>
  );
}

function Name({ name }: { readonly name: string | null }) {
  if (name === null) return null;
  return (
    <>
      <span class="json-name">{name}</span>
      <span class="json-mark">: </span>
    </>
  );
}

function Leaf({ node }: { readonly node: JsonNode }) {
  const [isWhole, setWhole] = useState(false);
  if ('entries' in node) return <span class="json-mark">{node.kind === 'object' ? '{}' : '[]'}</span>;
  const isCut = !isWhole && node.text.length > STRING_CHARACTERS_MAX;
  return (
    <>
      <span class="json-value" data-kind={node.kind}>
        {isCut ? `${node.text.slice(0, STRING_CHARACTERS_MAX)}…` : node.text}
      </span>
      {isCut && (
        <button type="button" class="json-more" onClick={() => setWhole(true)}>
          all {formatCount(node.text.length)} characters
        </button>
      )}
    </>
  );
}
