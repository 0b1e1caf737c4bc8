import './page.css';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { Icon } from './icon.tsx';

export interface PageHeadProps {
  readonly title: ComponentChildren;
  /** Badges and facts on the line of the title. */
  readonly meta?: ComponentChildren;
  readonly subtitle?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly back?: { readonly href: string; readonly label: string } | undefined;
  /** Tabs, filter: stand beneath. */
  readonly children?: ComponentChildren;
}

export function PageHead({ title, meta, subtitle, actions, back, children }: PageHeadProps) {
  return (
    <header class="page-head">
      {back !== undefined && (
        <a class="page-back" href={back.href}>
          <Icon name="arrow-left" />
          {back.label}
        </a>
      )}
      <div class="page-head-line">
        <div class="page-head-words">
          <div class="page-head-title">
            <h1>{title}</h1>
            {meta}
          </div>
          {subtitle !== undefined && <p class="page-subtitle">{subtitle}</p>}
        </div>
        {actions !== undefined && <div class="page-actions">{actions}</div>}
      </div>
      {children}
    </header>
  );
}

export interface SectionProps {
  readonly title: ComponentChildren;
  readonly hint?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
  readonly level?: 2 | 3 | undefined;
}

export function Section({ title, hint, actions, children, level = 2 }: SectionProps) {
  const id = useId();
  const Heading = level === 2 ? 'h2' : 'h3';
  return (
    <section class="section" aria-labelledby={id}>
      <div class="section-head">
        <div class="section-words">
          <Heading id={id}>{title}</Heading>
          {hint !== undefined && <p class="section-hint">{hint}</p>}
        </div>
        {actions !== undefined && <div class="section-actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

/** Names and values; a null value is left out, so that callers need no conditions. */
export function Facts({
  items,
  isInline = false,
}: {
  readonly items: readonly (readonly [name: string, value: ComponentChildren])[];
  /** In a row that wraps, for heads; otherwise two columns. */
  readonly isInline?: boolean | undefined;
}) {
  return (
    <dl class="facts" data-inline={isInline ? '' : undefined}>
      {items
        .filter(([, value]) => value !== null && value !== undefined && value !== false)
        .map(([name, value]) => (
          <div key={name} class="fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** A row of controls above a list. */
export function Toolbar({
  children,
  label,
}: {
  readonly children: ComponentChildren;
  readonly label?: string | undefined;
}) {
  return (
    <div class="toolbar" role={label === undefined ? undefined : 'group'} aria-label={label}>
      {children}
    </div>
  );
}

/** Grey bars where words will be; silent, because the region around it is aria-busy. */
export function Skeleton({ lines = 3 }: { readonly lines?: number | undefined }) {
  return (
    <div class="skeleton" aria-hidden="true">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} class="skeleton-bar" data-width={index % 3} />
      ))}
    </div>
  );
}
