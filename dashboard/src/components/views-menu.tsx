import './views-menu.css';
import { useState } from 'preact/hooks';
import { hrefWith, location } from '../data/location.ts';
import { savedViews } from '../data/preferences.ts';
import { Button, IconButton } from './button.tsx';
import { CopyButton } from './copy-button.tsx';
import { Field, TextInput } from './field.tsx';
import { Popover } from './popover.tsx';

export interface ViewPreset {
  readonly name: string;
  /** Written to q. */
  readonly filter: string;
}

export interface ViewsMenuProps {
  readonly presets?: readonly ViewPreset[] | undefined;
  /** What is open beside the list is no part of a view. */
  readonly leaveOut?: readonly string[] | undefined;
}

const NAME_CHARACTERS_MAX = 60;

/** Ready-made filters, those that were saved in this browser, and the link that is the way to share one. */
export function ViewsMenu({ presets = [], leaveOut = ['open', 'cursor', 'selected'] }: ViewsMenuProps) {
  return (
    <Popover label="Views" icon="save" align="end">
      {(close) => <Views presets={presets} leaveOut={leaveOut} close={close} />}
    </Popover>
  );
}

function Views({
  presets,
  leaveOut,
  close,
}: {
  readonly presets: readonly ViewPreset[];
  readonly leaveOut: readonly string[];
  readonly close: () => void;
}) {
  const [name, setName] = useState('');
  const { path, query } = location.value;
  const kept = new URLSearchParams(query);
  for (const key of leaveOut) kept.delete(key);
  const text = kept.toString();
  const saved = savedViews.value.filter((view) => view.path === path);

  function save() {
    const wanted = name.trim().slice(0, NAME_CHARACTERS_MAX);
    if (wanted === '') return;
    const others = savedViews.value.filter((view) => view.path !== path || view.name !== wanted);
    savedViews.value = [...others, { name: wanted, path, query: text }];
    setName('');
  }

  return (
    <div class="views">
      {presets.length > 0 && (
        <ul class="views-list" aria-label="Ready-made">
          {presets.map((preset) => (
            <li key={preset.name}>
              <a class="menu-item" href={hrefWith({ q: preset.filter })} onClick={close}>
                <span class="menu-label">{preset.name}</span>
                <code class="menu-hint">{preset.filter}</code>
              </a>
            </li>
          ))}
        </ul>
      )}
      {saved.length > 0 && (
        <>
          <h3 class="views-title">Saved here</h3>
          <ul class="views-list" aria-label="Saved here">
            {saved.map((view) => (
              <li key={view.name} class="views-saved">
                <a
                  class="menu-item"
                  href={view.query === '' ? path : `${path}?${view.query}`}
                  aria-current={view.query === text ? 'true' : undefined}
                  onClick={close}
                >
                  <span class="menu-label">{view.name}</span>
                </a>
                <IconButton
                  icon="trash"
                  label={`Delete view ${view.name}`}
                  size="small"
                  tipSide="left"
                  onClick={() => {
                    savedViews.value = savedViews.value.filter((one) => one !== view);
                  }}
                />
              </li>
            ))}
          </ul>
        </>
      )}
      <form
        class="views-save"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Field label="Save this view as" isLabelHidden>
          <TextInput
            value={name}
            onValue={setName}
            placeholder="Name for this view"
            maxLength={NAME_CHARACTERS_MAX}
          />
        </Field>
        <Button type="submit" size="small">
          Save
        </Button>
      </form>
      <CopyButton
        text={() => `${globalThis.location.origin}${path}${text === '' ? '' : `?${text}`}`}
        label="Copy link to this view"
        isIconOnly={false}
      />
    </div>
  );
}
