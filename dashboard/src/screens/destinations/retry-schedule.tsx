import './retry-schedule.css';

import { formatDuration } from '../../data/format.ts';
import { toTries } from './destination-draft.ts';

/** Every try there will be, so that nobody has to add up waits. */
export function RetrySchedule({ waitsS }: { readonly waitsS: readonly number[] }) {
  const tries = toTries(waitsS);
  return (
    <table class="schedule">
      <caption class="visually-hidden">When each try is made</caption>
      <thead>
        <tr>
          <th scope="col">Try</th>
          <th scope="col">Waits</th>
          <th scope="col">After the first</th>
        </tr>
      </thead>
      <tbody>
        {tries.map((one) => (
          <tr key={one.number}>
            <td>{one.number}</td>
            <td>{one.number === 1 ? 'none' : formatDuration(one.waitS * 1_000)}</td>
            <td>{one.number === 1 ? 'at once' : formatDuration(one.afterS * 1_000)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <td colSpan={3} class="muted">
            Then it is given up: it stands under Failed, and can be sent again.
          </td>
        </tr>
      </tfoot>
    </table>
  );
}
