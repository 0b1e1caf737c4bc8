import './call-id.css';
import { maskNumbers } from '../../../../hub/src/ingest/mask.ts';
import { session } from '../../data/session.ts';

/** Ids are the sources' own and may hold phone numbers; the hub never masks them, because links must lead somewhere. */
export function toShownId(id: string): string {
  return session.value?.revealed === true ? id : maskNumbers(id);
}

export function CallId({ id }: { readonly id: string }) {
  return <span class="call-id mono">{toShownId(id)}</span>;
}
