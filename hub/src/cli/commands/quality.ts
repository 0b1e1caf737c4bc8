import { createApiClient } from '../api-client.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printTable } from '../output.ts';
import type { Column } from '../output.ts';
import type { QualityView } from '../views.ts';

type Options = Readonly<Record<string, unknown>>;
type SourceQuality = QualityView['sources'][number];

const COLUMNS: readonly Column<SourceQuality>[] = [
  { title: 'SOURCE', toText: ({ source }) => source.name ?? source.id },
  { title: 'REPORTS', toText: (one) => one.reports },
  { title: 'ADVANCED', toText: (one) => one.advanced },
  { title: 'REPEATED', toText: (one) => one.repeated },
  { title: 'LATE', toText: (one) => one.late },
  toTroubleColumn('CONFLICTING', (one) => one.conflicting),
  { title: 'NOTED', toText: (one) => one.noted },
  toTroubleColumn('ENDS WITHOUT START', (one) => one.unpaired_ends),
  toTroubleColumn('BAD SIGNATURES', (one) => one.bad_signatures),
  toTroubleColumn('BAD REQUESTS', (one) => one.bad_requests),
  { title: 'WITHIN 1 S', toText: ({ clock }) => toPercent(clock.within_1_s) },
  { title: 'WITHIN 30 S', toText: ({ clock }) => toPercent(clock.within_30_s) },
];

export async function showQuality(context: CommandContext, options: Options): Promise<number> {
  const { output } = context;
  const quality = await createApiClient(context).get<QualityView>('/v1/quality', {
    since: options['since'] as string,
    until: options['until'] as string | undefined,
  });
  if (output.json) {
    output.value(quality);
    return EXIT.ok;
  }
  printTable(output, quality.sources, COLUMNS);
  const { stale, active } = quality.unpaired_starts;
  output.line('');
  output.line(`From ${quality.since} to ${quality.until}, in whole hours.`);
  output.line(
    `Calls that have a start and no end now: ${active} active, ${stale} stale (live for too long to be believed).`,
  );
  return EXIT.ok;
}

function toTroubleColumn(title: string, toCount: (one: SourceQuality) => number): Column<SourceQuality> {
  return { title, toText: toCount, toColour: (one) => (toCount(one) > 0 ? 'yellow' : undefined) };
}

/** Rounded down: what is not all of them must not look so. */
function toPercent(share: number | null): string | null {
  return share === null ? null : `${Math.floor(share * 1_000) / 10} %`;
}
