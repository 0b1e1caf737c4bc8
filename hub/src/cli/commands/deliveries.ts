import { createApiClient, readPages } from '../api-client.ts';
import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { toListQuery } from '../list-query.ts';
import { printRecord, printTable, toPlainText } from '../output.ts';
import type { Colour, Column } from '../output.ts';
import { watchReplay } from '../watch-replay.ts';
import type { DeliveryDetailView, DeliveryView, ReplayCountView, ReplayView } from '../views.ts';

type Options = Readonly<Record<string, unknown>>;
type Args = readonly string[];

const STATE_COLOURS: Readonly<Record<DeliveryView['state'], Colour | undefined>> = {
  pending: 'yellow',
  delivered: 'green',
  dead: 'red',
  superseded: 'dim',
  cancelled: 'dim',
};

const COLUMNS: readonly Column<DeliveryView>[] = [
  { title: 'ID', toText: (delivery) => delivery.id },
  {
    title: 'STATE',
    toText: (delivery) => delivery.state,
    toColour: (delivery) => STATE_COLOURS[delivery.state],
  },
  { title: 'STATUS', toText: (delivery) => delivery.status },
  { title: 'CALL', toText: (delivery) => delivery.call_id },
  { title: 'DESTINATION', toText: (delivery) => delivery.destination_id },
  { title: 'ATTEMPTS', toText: (delivery) => delivery.attempts },
  { title: 'NEXT', toText: toNextWords },
  { title: 'LAST', toText: toLastWords },
];

/** When it would be tried is not when it will be while its destination takes nothing. */
export function toNextWords(
  delivery: Pick<DeliveryView, 'state' | 'state_reason' | 'due_at'>,
): string | null {
  const [, held] = /^Its destination is (paused|disabled)\.$/.exec(delivery.state_reason ?? '') ?? [];
  return delivery.state === 'pending' && held !== undefined ? `${held}: when resumed` : delivery.due_at;
}

export function toLastWords(
  delivery: Pick<DeliveryView, 'state' | 'state_reason' | 'last_status' | 'last_detail'>,
): string {
  const answer = delivery.last_status === null ? '' : `[${delivery.last_status}] `;
  return `${answer}${toReasonWords(delivery) ?? ''}`.trim();
}

function toReasonWords({
  state,
  state_reason: reason,
  last_detail: detail,
}: Pick<DeliveryView, 'state' | 'state_reason' | 'last_detail'>): string | null {
  switch (state) {
    // What a pending one waits for says less than what its last try met.
    case 'pending':
    case 'delivered':
      return detail ?? reason;
    // That its tries are used up says less than what the last one met.
    case 'dead':
      return detail === null ? reason : `gave up: ${detail}`;
    case 'superseded':
    case 'cancelled':
      return reason ?? detail;
  }
}

export async function listDeliveries(context: CommandContext, options: Options): Promise<number> {
  const { query, limit } = toListQuery(options);
  const client = createApiClient(context);
  printTable(context.output, await readPages<DeliveryView>(client, '/v1/deliveries', query, limit), COLUMNS);
  return EXIT.ok;
}

export async function getDelivery(context: CommandContext, _options: Options, [id]: Args): Promise<number> {
  const { output } = context;
  const delivery = await createApiClient(context).get<DeliveryDetailView>(toPath(id));
  if (output.json) {
    output.value(delivery);
    return EXIT.ok;
  }
  const { attempt_entries: attempts, destination, explanation, ...record } = delivery;
  printRecord(output, { ...record, destination: destination?.target ?? null });
  output.line('');
  printTable(output, attempts, [
    { title: 'TRY', toText: (attempt) => attempt.number },
    { title: 'BEGAN', toText: (attempt) => attempt.started_at },
    { title: 'TOOK', toText: (attempt) => `${Math.round(attempt.duration_ms)} ms` },
    { title: 'OUTCOME', toText: (attempt) => attempt.outcome },
    { title: 'ANSWER', toText: (attempt) => attempt.status ?? attempt.cause },
    { title: 'DETAIL', toText: (attempt) => attempt.detail ?? '' },
  ]);
  if (explanation !== null) {
    output.line('');
    output.line(
      `${output.paint('yellow', toPlainText(explanation.title))}. ${toPlainText(explanation.hint)}`,
    );
  }
  return EXIT.ok;
}

interface RetryAnswer {
  readonly outcome: string;
  readonly delivery: DeliveryView;
}

export async function retryDeliveries(context: CommandContext, options: Options, ids: Args): Promise<number> {
  const isFiltered = ['filter', 'since', 'until'].some((name) => options[name] !== undefined);
  if (ids.length > 0 && isFiltered)
    throw new CommandFailure(EXIT.usage, 'Name deliveries or give a filter, not both.');
  if (ids.length === 0 && !isFiltered)
    throw new CommandFailure(EXIT.usage, 'Say what to send again: ids, or --filter, --since, --until.');
  if (ids.length === 0 || options['dryRun'] === true) return replay(context, options, ids);
  const client = createApiClient(context);
  const answers: RetryAnswer[] = [];
  for (const id of ids) answers.push(await client.send<RetryAnswer>('POST', `${toPath(id)}/retry`));
  printTable(context.output, answers, [
    { title: 'OUTCOME', toText: (answer) => answer.outcome },
    { title: 'DELIVERY', toText: (answer) => answer.delivery.id },
    { title: 'STATUS', toText: (answer) => answer.delivery.status },
    { title: 'CALL', toText: (answer) => answer.delivery.call_id },
  ]);
  return EXIT.ok;
}

/** Counts first, asks, then lets the hub do it in the background and shows how far it is. */
async function replay(context: CommandContext, options: Options, ids: Args): Promise<number> {
  const { output } = context;
  const client = createApiClient(context);
  const what = {
    ...(ids.length > 0 && { delivery_ids: ids }),
    ...(options['filter'] !== undefined && { q: options['filter'] }),
    ...(options['since'] !== undefined && { since: options['since'] }),
    ...(options['until'] !== undefined && { until: options['until'] }),
    ...(options['rate'] !== undefined && { rate_per_second: options['rate'] }),
  };
  const count = await client.send<ReplayCountView>('POST', '/v1/replays', { ...what, dry_run: true });
  const total = `${count.truncated ? 'more than ' : ''}${count.total}`;
  if (options['dryRun'] === true) {
    if (output.json) output.value(count);
    else {
      output.line(`${total} deliveries would be sent again.`);
      for (const one of count.per_destination) output.line(`  ${one.count} to ${one.destination_id}`);
    }
    return EXIT.ok;
  }
  if (count.total === 0) {
    output.note('Nothing matches.');
    return EXIT.ok;
  }
  await confirm(
    context,
    `Send ${total} deliveries again to ${count.per_destination.map((one) => toPlainText(one.destination_id)).join(', ')}?`,
    options,
  );
  const created = await client.send<ReplayView>('POST', '/v1/replays', {
    ...what,
    expected: count.total,
  });
  if (options['watch'] !== false) return watchReplay(context, client, created.id);
  printRecord(output, created);
  return EXIT.ok;
}

export async function cancelDelivery(
  context: CommandContext,
  _options: Options,
  [id]: Args,
): Promise<number> {
  const cancelled = await createApiClient(context).send<DeliveryView>('POST', `${toPath(id)}/cancel`);
  printTable(context.output, [cancelled], COLUMNS);
  return EXIT.ok;
}

function toPath(id = ''): string {
  return `/v1/deliveries/${encodeURIComponent(id)}`;
}
