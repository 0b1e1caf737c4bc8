import './call-type.css';
import { Icon } from '../../components/icon.tsx';
import type { IconName } from '../../components/icon.tsx';

const FACES: Readonly<Record<string, { readonly icon: IconName; readonly word: string }>> = {
  inbound_phone_call: { icon: 'phone-in', word: 'Inbound' },
  outbound_phone_call: { icon: 'phone-out', word: 'Outbound' },
  web_call: { icon: 'web', word: 'Web' },
};

/** A type that we do not know is shown as its source wrote it. */
export function CallType({ type }: { readonly type: string | null }) {
  if (type === null) return <span class="muted">Not said</span>;
  const face = FACES[type];
  if (face === undefined) return <span class="mono">{type}</span>;
  return (
    <span class="call-type">
      <Icon name={face.icon} />
      {face.word}
    </span>
  );
}
