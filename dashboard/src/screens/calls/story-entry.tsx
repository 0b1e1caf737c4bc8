import type { ComponentChildren } from 'preact';
import type { Tone } from '../../components/badge.tsx';
import type { IconName } from '../../components/icon.tsx';

import { Icon } from '../../components/icon.tsx';

export interface StoryEntryProps {
  readonly kind: 'report' | 'change' | 'event';
  readonly icon: IconName;
  readonly tone: Tone;
  /** Since the entry above, where it is long. */
  readonly gap: ComponentChildren;
  readonly level: 3 | 4;
  readonly title: ComponentChildren;
  readonly meta?: ComponentChildren;
  readonly time: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** One point on the line. */
export function StoryEntry({ kind, icon, tone, gap, level, title, meta, time, children }: StoryEntryProps) {
  const Heading = level === 3 ? 'h3' : 'h4';
  return (
    <li class="story-entry" data-kind={kind} data-tone={tone}>
      {gap}
      <span class="story-mark">
        <Icon name={icon} />
      </span>
      <div class="story-body">
        <div class="story-head">
          <Heading class="story-title">{title}</Heading>
          {meta}
          <span class="story-time">{time}</span>
        </div>
        {children}
      </div>
    </li>
  );
}
