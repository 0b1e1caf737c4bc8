import './filter-box.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { QUALIFIERS, parseFilter } from '../../../hub/src/api/filter.ts';
import type { FilterFault } from '../../../hub/src/api/filter.ts';
import { singleKeys } from '../data/preferences.ts';
import { completeFilter } from './filter-completion.ts';
import type { Completion, Suggestions } from './filter-completion.ts';
import { isInQuotes, joinTerms, splitTerms, toParts } from './filter-terms.ts';
import type { Term } from './filter-terms.ts';
import { Icon } from './icon.tsx';

export type { Suggestions } from './filter-completion.ts';

export interface FilterBoxProps {
  /** The filter that holds, as it stands in the URL. */
  readonly value: string;
  /** Called with what the parser understands, and with nothing else. */
  readonly onChange: (value: string) => void;
  /** Those that make sense here; all without it. */
  readonly qualifiers?: readonly string[] | undefined;
  /** Values by qualifier: {state: ['live', …], destination: [{value: 'dst_1', title: 'CRM'}]}. */
  readonly suggestions?: Suggestions | undefined;
  readonly label?: string | undefined;
  readonly placeholder?: string | undefined;
  /** Stands at the right end: views, presets. */
  readonly children?: ComponentChildren;
}

const NO_SUGGESTIONS: Suggestions = {};

export function FilterBox({
  value,
  onChange,
  qualifiers = QUALIFIERS,
  suggestions = NO_SUGGESTIONS,
  label = 'Filter',
  placeholder = 'Filter: state, number, error …',
  children,
}: FilterBoxProps) {
  const id = useId();
  const inputRef = useRef<HTMLInputElement>(null);
  const boxRef = useRef<HTMLDivElement>(null);
  const [draft, setDraft] = useState('');
  const [isOpen, setOpen] = useState(false);
  /** -1 where none is chosen. */
  const [active, setActive] = useState(-1);
  const [draftFault, setDraftFault] = useState<FilterFault | null>(null);

  const terms = useMemo(() => splitTerms(value), [value]);
  const valueFault = useMemo(() => toFault(value), [value]);
  const completions = useMemo(
    () => (isOpen ? completeFilter(draft, { qualifiers, suggestions }) : []),
    [isOpen, draft, qualifiers, suggestions],
  );
  // Enter on a bare word takes the first guess; on a word of the language it takes what was typed.
  const isBare = draft.trim() !== '' && toParts(draft.trim()) === null;
  const chosen = active >= 0 ? active : isBare && completions.length > 0 ? 0 : -1;
  const hasList = isOpen && completions.length > 0;
  const fault = draftFault ?? valueFault;

  useLayoutEffect(() => focusOnSlash(inputRef), []);
  useEffect(() => {
    if (chosen >= 0) document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: 'nearest' });
  }, [id, chosen]);

  function type(next: string) {
    setDraft(next);
    setActive(-1);
    setOpen(true);
    setDraftFault(null);
    // A space after a whole term makes it a chip; in quotes and after bare words it is a space.
    if (/\s$/.test(next) && next.trim() !== '' && !isInQuotes(next)) commit(next, true);
  }

  /** A fault stays in the box, where it can be mended; typing on is not answered with one. */
  function commit(text: string, isTyping: boolean): boolean {
    const next = joinTerms([value.trim(), text.trim()]);
    const found = toFault(next);
    if (found !== null) {
      if (!isTyping) setDraftFault(toDraftFault(found, next.length - text.trim().length));
      return false;
    }
    setDraft('');
    setActive(-1);
    setDraftFault(null);
    if (next !== value) onChange(next);
    return true;
  }

  function take(completion: Completion) {
    if (completion.isWhole && commit(completion.text, false)) {
      setOpen(false);
    } else {
      setDraft(completion.text);
      setActive(-1);
      setOpen(true);
    }
    inputRef.current?.focus();
  }

  function remove(term: Term) {
    onChange(joinTerms(terms.filter((one) => one !== term).map((one) => one.text)));
    setDraftFault(null);
    inputRef.current?.focus();
  }

  function edit(term: Term) {
    onChange(joinTerms(terms.filter((one) => one !== term).map((one) => one.text)));
    setDraft(term.text);
    setDraftFault(null);
    setOpen(true);
    inputRef.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent) {
    const input = event.currentTarget as HTMLInputElement;
    const isAtStart = input.selectionStart === 0 && input.selectionEnd === 0;
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        event.preventDefault();
        const step = event.key === 'ArrowDown' ? 1 : -1;
        if (!hasList) setOpen(true);
        else
          setActive((Math.max(chosen, step === 1 ? -1 : 0) + step + completions.length) % completions.length);
        return;
      }
      case 'Enter': {
        event.preventDefault();
        const completion = completions[chosen];
        if (hasList && completion !== undefined) take(completion);
        else if (draft.trim() !== '') commit(draft, false);
        else setOpen(false);
        return;
      }
      case 'Escape':
        // Esc closes one thing at a time: the list, then what was typed, then the drawer around it.
        if (hasList) setOpen(false);
        else if (draft !== '') type('');
        else {
          input.blur();
          return;
        }
        event.preventDefault();
        event.stopPropagation();
        return;
      case 'Backspace': {
        const last = terms.at(-1);
        if (draft !== '' || last === undefined) return;
        event.preventDefault();
        remove(last);
        return;
      }
      case 'ArrowLeft':
        if (!isAtStart) return;
        focusChip(boxRef.current, -1);
        return;
      default:
    }
  }

  return (
    <div class="filter" role="search" aria-label={label}>
      <div
        class="filter-box"
        ref={boxRef}
        data-invalid={fault === null ? undefined : ''}
        onMouseDown={focusInput}
      >
        <Icon name="search" />
        {terms.length > 0 && (
          <ul class="filter-chips" role="list" aria-label="Active filters">
            {terms.map((term) => (
              <Chip
                key={`${term.start} ${term.text}`}
                term={term}
                isFaulty={valueFault !== null && isIn(term, valueFault.column - 1)}
                onEdit={() => edit(term)}
                onRemove={() => remove(term)}
              />
            ))}
          </ul>
        )}
        <input
          ref={inputRef}
          class="filter-input"
          type="text"
          role="combobox"
          aria-label={label}
          aria-expanded={hasList}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={hasList && chosen >= 0 ? `${id}-${chosen}` : undefined}
          aria-invalid={fault === null ? undefined : 'true'}
          aria-describedby={fault === null ? undefined : `${id}-fault`}
          aria-keyshortcuts="/"
          data-search=""
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          enterkeyhint="search"
          placeholder={terms.length === 0 ? placeholder : ''}
          value={draft}
          onInput={(event) => type(event.currentTarget.value)}
          onFocus={() => setOpen(true)}
          onClick={() => setOpen(true)}
          onBlur={() => {
            setOpen(false);
            if (draft.trim() !== '') commit(draft, !isBare);
          }}
          onKeyDown={onKeyDown}
        />
        {value !== '' && (
          <button
            type="button"
            class="filter-clear"
            onClick={() => {
              setDraft('');
              setDraftFault(null);
              onChange('');
              inputRef.current?.focus();
            }}
          >
            Clear
          </button>
        )}
        <kbd class="filter-key" aria-hidden="true">
          /
        </kbd>
      </div>
      <ul class="filter-list" id={`${id}-list`} role="listbox" aria-label="Suggestions" hidden={!hasList}>
        {completions.map((completion, at) => (
          <li
            key={completion.key}
            id={`${id}-${at}`}
            class="filter-option"
            role="option"
            aria-selected={at === chosen}
            // mousedown would take the focus, and the list with it.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(completion)}
          >
            <TermText text={completion.text} />
            {completion.title !== '' && <span class="filter-hint">{completion.title}</span>}
          </li>
        ))}
      </ul>
      {fault !== null && (
        <p class="filter-fault" id={`${id}-fault`} role="alert">
          <Icon name="alert" />
          <span>
            {fault.detail} <span class="muted">(column {fault.column})</span>
          </span>
        </p>
      )}
      {children !== undefined && <div class="filter-side">{children}</div>}
    </div>
  );
}

function Chip({
  term,
  isFaulty,
  onEdit,
  onRemove,
}: {
  readonly term: Term;
  readonly isFaulty: boolean;
  readonly onEdit: () => void;
  readonly onRemove: () => void;
}) {
  return (
    <li
      class="filter-chip"
      data-invalid={isFaulty ? '' : undefined}
      onKeyDown={(event) => moveAmongChips(event, onRemove)}
    >
      <button
        type="button"
        class="filter-chip-text"
        tabIndex={-1}
        aria-label={`Edit filter ${term.text}`}
        onClick={onEdit}
      >
        <TermText text={term.text} />
      </button>
      <button
        type="button"
        class="filter-chip-remove"
        aria-label={`Remove filter ${term.text}`}
        onClick={onRemove}
      >
        <Icon name="cross" />
      </button>
    </li>
  );
}

function TermText({ text }: { readonly text: string }) {
  const parts = toParts(text);
  if (parts === null) return <span class="filter-term">{text}</span>;
  return (
    <span class="filter-term">
      <span class="filter-name">
        {parts.isNot ? '-' : ''}
        {parts.qualifier}:
      </span>
      {parts.value}
    </span>
  );
}

function toFault(text: string): FilterFault | null {
  const parsed = parseFilter(text);
  return parsed.kind === 'fault' ? parsed : null;
}

/** Columns are told from the beginning of what is in the box, where the fault can be seen. */
function toDraftFault(fault: FilterFault, before: number): FilterFault {
  return { ...fault, column: Math.max(1, fault.column - before) };
}

function isIn(term: Term, at: number): boolean {
  return at >= term.start && at <= term.end;
}

function moveAmongChips(event: KeyboardEvent, onRemove: () => void): void {
  const box = (event.currentTarget as HTMLElement).closest<HTMLElement>('.filter-box');
  const at = [...(box?.querySelectorAll('.filter-chip') ?? [])].indexOf(event.currentTarget as HTMLElement);
  if (event.key === 'ArrowLeft') focusChip(box, Math.max(0, at - 1));
  else if (event.key === 'ArrowRight') focusChip(box, at + 1);
  else if (event.key === 'Backspace' || event.key === 'Delete') onRemove();
  else return;
  event.preventDefault();
}

/** -1 is the last; behind the last is the input. */
function focusChip(box: HTMLElement | null, at: number): void {
  const chips = [...(box?.querySelectorAll<HTMLElement>('.filter-chip-remove') ?? [])];
  (chips.at(at) ?? box?.querySelector<HTMLElement>('.filter-input'))?.focus();
}

/** The whole box is the field, as it looks. */
function focusInput(event: MouseEvent): void {
  const target = event.target as HTMLElement;
  if (target.closest('button, input, kbd') !== null) return;
  event.preventDefault();
  (event.currentTarget as HTMLElement).querySelector<HTMLElement>('.filter-input')?.focus();
}

function focusOnSlash(ref: { readonly current: HTMLInputElement | null }): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== '/' || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!singleKeys.peek() || document.querySelector('dialog:modal') !== null) return;
    const target = event.target as HTMLElement;
    if (target.closest('input, textarea, select, [contenteditable=true]') !== null) return;
    event.preventDefault();
    ref.current?.focus();
    ref.current?.select();
  };
  document.addEventListener('keydown', onKeyDown);
  return () => document.removeEventListener('keydown', onKeyDown);
}
