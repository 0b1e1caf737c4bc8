import { Time } from '../../components/time.tsx';
import { formatDate } from '../../data/format.ts';

/** With its date where it is of another day than what it stands beside. */
export function Clock({ at, besideAt }: { readonly at: string; readonly besideAt: string | number }) {
  return <Time at={at} shape={formatDate(at) === formatDate(besideAt) ? 'exact' : 'absolute'} />;
}
