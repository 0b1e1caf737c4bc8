import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import type { IconName } from '../../components/icon.tsx';

import { Button } from '../../components/button.tsx';

export interface Fold {
  readonly label: string;
  readonly icon: IconName;
  /** Made when it is opened. */
  readonly content: () => ComponentChildren;
}

/** A row of buttons, each of which opens what it names beneath the row; other buttons may stand behind them. */
export function Folds({
  folds,
  lead,
  children,
}: {
  readonly folds: readonly Fold[];
  /** What stands before the buttons and takes the room. */
  readonly lead?: ComponentChildren;
  readonly children?: ComponentChildren;
}) {
  const id = useId();
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  return (
    <>
      <div class="folds" data-lead={lead === undefined ? undefined : ''}>
        {lead}
        {folds.map(({ label, icon }, index) => {
          const isOpen = open.has(label);
          return (
            <Button
              key={label}
              size="small"
              kind="quiet"
              icon={icon}
              aria-expanded={isOpen}
              aria-controls={isOpen ? `${id}-${index}` : undefined}
              onClick={() => {
                const next = new Set(open);
                if (isOpen) next.delete(label);
                else next.add(label);
                setOpen(next);
              }}
            >
              {label}
            </Button>
          );
        })}
        {children}
      </div>
      {folds.map(({ label, content }, index) =>
        open.has(label) ? (
          <div key={label} id={`${id}-${index}`} class="fold">
            {content()}
          </div>
        ) : null,
      )}
    </>
  );
}
