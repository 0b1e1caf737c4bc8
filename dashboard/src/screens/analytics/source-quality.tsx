import type { QualityView } from '../../data/types.ts';
import type { Question } from './analytics-range.ts';

import { ChartFrame } from '../../charts/chart-frame.tsx';
import { request, toPath } from '../../data/api.ts';
import { formatCount, formatPercent, NOTHING } from '../../data/format.ts';
import { useResource } from '../../data/resource.ts';
import { MEASURES, toSourceName } from './quality-measures.ts';

const ID = 'source-quality';

/** The same for each source, with what was refused at its door and how its clock goes: whom to ask about it. */
export function SourceQuality({
  question,
  permalink,
}: {
  readonly question: Question;
  readonly permalink: (chartId: string) => string;
}) {
  const path = toPath('/v1/quality', { ...question });
  const { data, fault } = useResource(path, (signal) => request<QualityView>('GET', path, { signal }));
  const sources = data?.sources ?? [];
  const starts = data?.unpaired_starts;
  return (
    <ChartFrame
      id={ID}
      title="Data quality by source"
      subtitle="whole hours"
      summary={
        starts === undefined
          ? ''
          : `${formatCount(sources.length)} sources; ${formatCount(starts.stale)} calls have a start and most likely lost their end.`
      }
      isLoading={data === undefined && fault === null}
      isTabular
      isWide
      table={{
        columns: [
          { label: 'Source', kind: 'text' },
          ...MEASURES.map(({ title, kind }) => ({ label: title, kind })),
        ],
        rows: sources.map((one) => [toSourceName(one), ...MEASURES.map(({ read }) => read(one))]),
      }}
      csvName={ID}
      permalink={permalink}
      empty={
        fault !== null
          ? fault.problem.detail
          : data !== undefined && sources.length === 0
            ? 'No source reported in this range.'
            : undefined
      }
    >
      <div class="chart-list-scroll" tabIndex={0} role="group" aria-label="Data quality by source">
        <table class="chart-list" data-dense="">
          <caption class="visually-hidden">Data quality by source</caption>
          <thead>
            <tr>
              <th scope="col">Source</th>
              {MEASURES.map(({ title, kind }) => (
                <th key={title} scope="col" data-kind={kind}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sources.map((one) => (
              <tr key={one.source.id}>
                <th scope="row">{toSourceName(one)}</th>
                {MEASURES.map(({ title, kind, read, isAlarming }) => {
                  const value = read(one);
                  return (
                    <td
                      key={title}
                      data-kind={kind}
                      data-alarm={isAlarming === true && value !== null && value > 0 ? '' : undefined}
                    >
                      {value === null ? NOTHING : kind === 'rate' ? formatPercent(value) : formatCount(value)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {starts !== undefined && (
        <p class="quality-starts">
          Starts without an end, now, of all sources: <strong>{formatCount(starts.stale)}</strong> whose end
          was most likely never reported, and {formatCount(starts.active)} calls that are still live.
        </p>
      )}
      <dl class="quality-words">
        {MEASURES.map(({ title, meaning }) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </ChartFrame>
  );
}
