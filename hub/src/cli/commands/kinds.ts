import { findNearest } from '../../nearest-word.ts';
import { createApiClient } from '../api-client.ts';
import type { Page } from '../api-client.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { toFields, toFieldType } from '../given-settings.ts';
import type { SettingField } from '../given-settings.ts';
import { printTable, toPlainText } from '../output.ts';
import type { DestinationKindView } from '../views.ts';

type Options = Readonly<Record<string, unknown>>;
type Args = readonly string[];

export async function showKinds(context: CommandContext, _options: Options, [name]: Args): Promise<number> {
  const { output } = context;
  const { data: kinds } =
    await createApiClient(context).get<Page<DestinationKindView>>('/v1/destination-kinds');
  if (name === undefined) {
    printTable(output, kinds, [
      { title: 'KIND', toText: (kind) => kind.kind },
      { title: 'NAME', toText: (kind) => kind.title },
      { title: 'WHAT IT DOES', toText: (kind) => kind.summary },
    ]);
    return EXIT.ok;
  }
  const kind = kinds.find((one) => one.kind === name);
  if (kind === undefined) throw toUnknownKind(name, kinds);
  if (output.json) output.value(kind);
  else showKind(context, kind);
  return EXIT.ok;
}

function showKind({ output }: CommandContext, kind: DestinationKindView): void {
  const required = (kind.settings_schema['required'] ?? []) as readonly string[];
  output.line(`${output.paint('bold', kind.title)}: ${kind.summary}`);
  output.line('');
  printTable(output, Object.entries(toFields(kind)), [
    { title: 'SETTING', toText: ([field]) => field },
    {
      title: 'VALUE',
      toText: ([, field]) => toValueWords(field),
      toColour: ([, field]) => (field.secret === true || field.holdsSecret === true ? 'yellow' : undefined),
    },
    {
      title: 'DEFAULT',
      toText: ([field, facts]) => toDefaultWords(facts.default, required.includes(field)),
    },
    {
      title: 'WHAT IT IS',
      toText: ([, field]) => [field.title, field.description].filter((text) => text !== undefined).join(': '),
    },
  ]);
  output.line('');
  output.line(toBeginningWords(kind.defaults));
  if (kind.setup.length === 0) return;
  output.line('');
  output.line('Setting it up:');
  for (const [index, step] of kind.setup.entries()) output.line(`${index + 1}. ${toPlainText(step)}`);
}

function toDefaultWords(value: unknown, isNeeded: boolean): string | null {
  if (value === undefined) return isNeeded ? 'needed' : null;
  if (typeof value === 'string') return value === '' ? null : value;
  return JSON.stringify(value);
}

function toBeginningWords(defaults: DestinationKindView['defaults']): string {
  const { filter, order, concurrency, rate_per_second: rate, timeout_ms: timeoutMs } = defaults;
  const operational = filter.operational_events ?? [];
  const facts = [
    filter.statuses === undefined ? 'every status' : `only ${filter.statuses.join(', ')}`,
    operational.length === 0 ? 'no operational events' : `the operational events ${operational.join(', ')}`,
    `order ${order}`,
    `concurrency ${concurrency}`,
    ...(rate === null ? [] : [`${rate} a second`]),
    `timeout ${timeoutMs / 1_000} s`,
  ];
  return `Unless you say otherwise: ${facts.join('; ')}.`;
}

function toValueWords(field: SettingField): string {
  const words = field.enum?.map(String).join(' | ') ?? TYPE_WORDS[toFieldType(field)] ?? 'text';
  return `${words}${field.unit === undefined ? '' : ` (${field.unit})`}${field.secret === true ? ', credential' : field.holdsSecret === true ? ', holds a credential' : ''}`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  array: 'list',
  object: 'JSON object',
};

export function toUnknownKind(name: string, kinds: readonly DestinationKindView[]): CommandFailure {
  const known = kinds.map((kind) => kind.kind);
  const nearest = findNearest(name, known);
  return new CommandFailure(
    EXIT.usage,
    `"${toPlainText(name)}" is no kind of destination. ${nearest === undefined ? `There are ${known.join(', ')}.` : `Did you mean "${nearest}"?`}`,
  );
}
