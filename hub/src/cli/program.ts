/** The tree of commands: names, options, help. What a command does is in commands/, one file each, loaded when called. */
import { Command, InvalidArgumentError, Option } from 'commander';

import { readSettings } from '../config/read-settings.ts';
import { namesOf, toHelpNote } from '../config/settings-page.ts';
import { CONFIG_FILE_DEFAULT, SETTING_NAMES, SETTINGS } from '../config/settings.ts';
import type { Setting, SettingName } from '../config/settings.ts';
import { version } from '../version.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { createOutput } from './output.ts';
import type { OutputStream } from './output.ts';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: CommandContext['stdin'];
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly signal: AbortSignal;
}

type Options = Readonly<Record<string, unknown>>;
type Action = (context: CommandContext, options: Options, args: readonly string[]) => Promise<number>;

export function buildProgram(surroundings: Surroundings): {
  readonly program: Command;
  /** Of the command that ran. */
  readonly readExitCode: () => number;
} {
  let exitCode: number = EXIT.ok;
  const program = new Command('offhook')
    .description(
      'Takes phone-call status in, keeps the truth about each call, delivers signed webhooks in order.',
    )
    .version(version, '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void surroundings.stdout.write(text),
      writeErr: (text) => void surroundings.stderr.write(text),
    })
    .addHelpText(
      'before',
      toExamples(
        'offhook                         start the hub',
        'offhook start --demo            start it with simulated calls, to see what it does',
        'offhook trigger lifecycle       send it a call that starts and ends',
        'offhook listen localhost:3000   forward its events to the server you are writing',
        'offhook deliveries list --filter state:dead',
        'offhook export calls --since 7d --output calls.csv',
      ),
    );

  /** Declares one command with the options that all have. */
  function command(
    parent: Command,
    usage: string,
    description: string,
    examples: readonly string[],
    load: () => Promise<Action>,
  ): Command {
    return parent
      .command(usage)
      .description(description)
      .option('--json', 'print data as JSON, one value a line')
      .option('--no-color', 'print without colours (also NO_COLOR)')
      .option(
        '--config <file>',
        `settings file (OFFHOOK_CONFIG; default ${CONFIG_FILE_DEFAULT} if it exists)`,
      )
      .addHelpText('before', toExamples(...examples))
      .action(async (...given: unknown[]) => {
        const self = given.at(-1) as Command;
        const options = self.opts();
        const context = makeContext(surroundings, options);
        exitCode = await (await load())(context, options, self.args);
      });
  }

  /** A command that talks to a running hub. */
  function clientCommand(...parameters: Parameters<typeof command>): Command {
    return withSettings(command(...parameters), ['url', 'dataDir']);
  }

  function group(name: string, description: string): Command {
    return program.command(name).description(description);
  }

  withSettings(
    command(
      program,
      'start',
      'Start the hub.',
      [
        'offhook start',
        'offhook start --demo',
        'HOST=0.0.0.0 OFFHOOK_API_KEY=… OFFHOOK_VOICEDOCK_SECRET=… offhook start',
      ],
      async () => (await import('./commands/start.ts')).start,
    ).option('--demo', 'simulate calls and show what arrives; keeps its data apart, in <data dir>/demo'),
    (['server', 'store', 'delivery'] as const).flatMap(namesOf),
  );

  clientCommand(
    program,
    'trigger <what>',
    'Send reports of a made-up call: in-progress, ended, ended-with-error or lifecycle.',
    [
      'offhook trigger lifecycle',
      'offhook trigger ended-with-error --override "error=STT connection failed"',
      'offhook trigger lifecycle --count 1000 --rate 50 --error-ratio 0.05',
      'offhook trigger in-progress --to http://localhost:3000/webhooks/status-update',
    ],
    async () => (await import('./commands/trigger.ts')).trigger,
  )
    .option('--count <number>', 'calls to make up', toCount, 1)
    .option('--rate <number>', 'calls per second; as fast as they are answered where not given', toPositive)
    .option('--error-ratio <ratio>', 'share of lifecycles that end with error, 0 to 1', toRatio, 0)
    .option(
      '--override <path=value>',
      'set a field of the message, such as call.id=abc (repeatable)',
      collect,
      [],
    )
    .option('--to <url>', 'post to this address instead of the hub (signed where the secret is known)');

  clientCommand(
    program,
    'listen [target]',
    'Show events as they are accepted, and forward them to a server on this machine.',
    [
      'offhook listen',
      'offhook listen 3000',
      'offhook listen http://localhost:3000/webhooks/status-update --since 10m',
      'offhook listen --json | jq .message.call.status',
      'offhook listen --print-secret',
    ],
    async () => (await import('./commands/listen.ts')).listen,
  )
    .option('--since <time>', 'begin with what was accepted since: 10m, 24h, or an RFC 3339 time')
    .option('--print-secret', 'print the secret that forwarded events are signed with, and end');

  const calls = group('calls', 'Look at calls.');
  withListOptions(
    clientCommand(
      calls,
      'list',
      'List calls, the latest first.',
      ['offhook calls list --since 24h', 'offhook calls list --filter "state:failed number:+3185*"'],
      async () => (await import('./commands/calls.ts')).listCalls,
    ),
  );
  clientCommand(
    calls,
    'get <call_id>',
    'Show what is held true about one call.',
    ['offhook calls get 5c4d030f-43e3-4e65-899e-8148521e660f'],
    async () => (await import('./commands/calls.ts')).getCall,
  );
  clientCommand(
    calls,
    'timeline <call_id>',
    'Show every report, event, delivery and attempt of one call in order of time.',
    ['offhook calls timeline 5c4d030f-43e3-4e65-899e-8148521e660f'],
    async () => (await import('./commands/calls.ts')).showTimeline,
  );

  const destinations = group('destinations', 'Say where events go.');
  clientCommand(
    destinations,
    'list',
    'List destinations.',
    ['offhook destinations list'],
    async () => (await import('./commands/destinations.ts')).listDestinations,
  );
  clientCommand(
    destinations,
    'get <id>',
    'Show one destination.',
    ['offhook destinations get dst_…'],
    async () => (await import('./commands/destinations.ts')).getDestination,
  );
  withDestinationOptions(
    clientCommand(
      destinations,
      'create [url-or-kind]',
      'Add a destination; a webhook prints its signing secret, this once.',
      [
        'offhook destinations create https://crm.example/hooks/calls',
        'offhook destinations create https://ops.example/hook --statuses ended-with-error --operational-events delivery.dead',
        'offhook destinations create hubspot --set-env token=HUBSPOT_TOKEN',
        'offhook destinations create redis --set-env url=REDIS_URL --set set_name=active_calls',
      ],
      async () => (await import('./commands/destinations.ts')).createDestination,
    ),
  )
    .option('--kind <kind>', 'kind of destination, instead of the first word (`offhook kinds` lists them)')
    .option('--secret <secret>', 'sign with this whsec_ secret instead of a new one');
  withDestinationOptions(
    clientCommand(
      destinations,
      'update <id> [url]',
      'Change a destination; what is not given stays.',
      [
        'offhook destinations update dst_… --concurrency 8',
        'offhook destinations update dst_… https://new.example/hook',
        'offhook destinations update dst_… --set channel=#calls --unset mention',
        'offhook destinations update dst_… --calls no --operational-events destination.disabled',
      ],
      async () => (await import('./commands/destinations.ts')).updateDestination,
    ),
  ).option('--unset <name>', 'take this setting away (repeatable)', collect, []);
  clientCommand(
    destinations,
    'test <id>',
    'Try a destination now and show its answer: a webhook is sent a made-up event, others do what leaves no trace.',
    ['offhook destinations test dst_…', 'offhook destinations test dst_… --status ended-with-error'],
    async () => (await import('./commands/destinations.ts')).testDestination,
  ).option('--status <status>', 'status of the made-up event', 'in-progress');
  for (const [name, description] of [
    ['pause', 'Hold what is owed to a destination; nothing is dropped.'],
    ['resume', 'Deliver again, in order, what was held.'],
    [
      'rotate-secret',
      'Give a destination a new secret and print it, this once; the old one stays valid for a day.',
    ],
    ['delete', 'Delete a destination; what is owed to it is cancelled.'],
  ] as const) {
    clientCommand(
      destinations,
      `${name} <id>`,
      description,
      [`offhook destinations ${name} dst_…`],
      async () => {
        const { DESTINATION_COMMANDS } = await import('./commands/destinations.ts');
        return DESTINATION_COMMANDS[name];
      },
    ).option('--yes', 'do not ask');
  }

  clientCommand(
    program,
    'kinds [kind]',
    'List the kinds of destinations, or the settings of one.',
    ['offhook kinds', 'offhook kinds redis'],
    async () => (await import('./commands/kinds.ts')).showKinds,
  );

  const deliveries = group('deliveries', 'Look at what is owed to destinations, and send it again.');
  withListOptions(
    clientCommand(
      deliveries,
      'list',
      'List deliveries, the latest first.',
      [
        'offhook deliveries list --filter state:dead --since 24h',
        'offhook deliveries list --filter destination:dst_…',
      ],
      async () => (await import('./commands/deliveries.ts')).listDeliveries,
    ),
  );
  clientCommand(
    deliveries,
    'get <id>',
    'Show one delivery with its attempts.',
    ['offhook deliveries get dlv_…'],
    async () => (await import('./commands/deliveries.ts')).getDelivery,
  );
  clientCommand(
    deliveries,
    'retry [ids...]',
    'Send deliveries again: those named, or all that match a filter.',
    [
      'offhook deliveries retry dlv_…',
      'offhook deliveries retry --filter "state:dead destination:dst_…" --since 2h --dry-run',
      'offhook deliveries retry --filter state:dead --since 2h --rate 50 --yes',
    ],
    async () => (await import('./commands/deliveries.ts')).retryDeliveries,
  )
    .option('--filter <query>', 'which deliveries, in the language of the search box')
    .option('--since <time>', 'made since: 2h, 7d, or an RFC 3339 time')
    .option('--until <time>', 'made before')
    .option('--rate <number>', 'deliveries made per second', toPositive)
    .option('--dry-run', 'only count what would be sent')
    .option('--yes', 'do not ask')
    .option('--no-watch', 'do not wait for the replay to finish');
  clientCommand(
    deliveries,
    'cancel <id>',
    'Give up a pending delivery.',
    ['offhook deliveries cancel dlv_…'],
    async () => (await import('./commands/deliveries.ts')).cancelDelivery,
  );

  clientCommand(
    program,
    'ops',
    'List operational events, the latest first: what the hub says about itself and its calls.',
    ['offhook ops', 'offhook ops --types destination.disabled,delivery.dead --limit 200'],
    async () => (await import('./commands/ops.ts')).listOperationalEvents,
  )
    .option('--types <list>', 'only these types, separated by commas')
    .option('--limit <number>', 'at most so many', toCount, 50);
  clientCommand(
    program,
    'quality',
    'Show how good the reports of each source are: repeated, late, unpaired, unsigned, at odd times.',
    ['offhook quality', 'offhook quality --since 7d'],
    async () => (await import('./commands/quality.ts')).showQuality,
  )
    .option('--since <time>', 'since: 24h, 7d, or an RFC 3339 time', '24h')
    .option('--until <time>', 'before');

  const exports = group('export', 'Read everything that matches as a file.');
  for (const [what, example] of [
    ['calls', '--filter state:failed --since 7d --output failed-calls.csv'],
    ['events', '--format ndjson --since 24h | jq .status'],
    ['deliveries', '--since 7d --output deliveries.parquet'],
  ] as const) {
    clientCommand(
      exports,
      what,
      `Export ${what}: CSV for spreadsheets, NDJSON for programs, Parquet for warehouses.`,
      [`offhook export ${what} ${example}`],
      async () => (await import('./commands/export.ts')).EXPORT_COMMANDS[what],
    )
      .option(
        '--format <format>',
        'csv, ndjson or parquet; csv where neither --json nor the name of --output says else',
      )
      .option('--filter <query>', 'only what matches, in the language of the search box')
      .option('--since <time>', 'since: 15m, 24h, 7d, or an RFC 3339 time')
      .option('--until <time>', 'before')
      .option('--output <file>', 'write to this file, which is there only once it is whole');
  }

  const replays = group('replays', 'Follow and steer bulk retries.');
  clientCommand(
    replays,
    'list',
    'List replays, the latest first.',
    ['offhook replays list'],
    async () => (await import('./commands/replays.ts')).listReplays,
  ).option('--limit <number>', 'at most so many', toCount, 50);
  clientCommand(
    replays,
    'get <id>',
    'Show how far one replay is.',
    ['offhook replays get rpl_…'],
    async () => (await import('./commands/replays.ts')).getReplay,
  );
  for (const name of ['pause', 'resume', 'cancel'] as const) {
    clientCommand(
      replays,
      `${name} <id>`,
      { pause: 'Stop making deliveries for now.', resume: 'Go on.', cancel: 'End it; what was made stays.' }[
        name
      ],
      [`offhook replays ${name} rpl_…`],
      async () => (await import('./commands/replays.ts')).REPLAY_COMMANDS[name],
    );
  }

  const keys = group('keys', 'Say who may use /v1.');
  clientCommand(
    keys,
    'list',
    'List keys; their texts are never shown again.',
    ['offhook keys list'],
    async () => (await import('./commands/keys.ts')).listKeys,
  );
  clientCommand(
    keys,
    'create <name>',
    'Make a key and print it, this once.',
    [
      'offhook keys create crm-import --scope ingest',
      'offhook keys create wallboard --scope watch --expires 90d',
    ],
    async () => (await import('./commands/keys.ts')).createKey,
  )
    .option('--scope <scope>', 'ingest, watch, read, write or admin (repeatable)', collect, [])
    .option('--expires <duration>', 'end by itself after: 12h, 90d');
  clientCommand(
    keys,
    'revoke <id>',
    'Make a key stop working at once.',
    ['offhook keys revoke key_…'],
    async () => (await import('./commands/keys.ts')).revokeKey,
  ).option('--yes', 'do not ask');

  const accounts = group('accounts', 'Look at accounts, and say what becomes of their stale calls.');
  clientCommand(
    accounts,
    'list',
    'List accounts: all of them with an admin key of the account default, else its own.',
    ['offhook accounts list'],
    async () => (await import('./commands/accounts.ts')).listAccounts,
  );
  clientCommand(
    accounts,
    'update <id>',
    'Change an account; what is not given stays.',
    ['offhook accounts update default --stale-calls end', 'offhook accounts update acc_… --name "New name"'],
    async () => (await import('./commands/accounts.ts')).updateAccount,
  )
    .option('--name <text>', 'a name for people')
    .addOption(
      new Option(
        '--stale-calls <policy>',
        'keep: shown as stale until their end is reported; end: ended with error by the hub, which counts in error rates',
      ).choices(['keep', 'end']),
    )
    .option('--yes', 'do not ask');

  withSettings(
    command(
      program,
      'doctor',
      'Check this machine, the settings and the hub, and say what to do about what is wrong.',
      ['offhook doctor', 'offhook doctor --json'],
      async () => (await import('./commands/doctor.ts')).runDoctor,
    ),
    SETTING_NAMES,
  );

  const config = group('config', 'Look at settings.');
  withSettings(
    command(
      config,
      'show',
      'Print the settings in force and where each came from; secrets are masked.',
      ['offhook config show', 'PORT=9000 offhook config show --json'],
      async () => (await import('./commands/config.ts')).showConfig,
    ),
    SETTING_NAMES,
  );
  command(
    config,
    'example',
    'Print a settings file with every default.',
    [`offhook config example > ${CONFIG_FILE_DEFAULT}`],
    async () => (await import('./commands/config.ts')).printExample,
  );
  command(
    config,
    'reference',
    'Print the settings page of the documentation.',
    ['offhook config reference > docs/settings.md'],
    async () => (await import('./commands/config.ts')).printReference,
  );

  const signature = group('signature', 'Work out why a signature does not verify.');
  command(
    signature,
    'verify',
    'Check the signatures of a request whose body comes on stdin, and say why one fails.',
    [
      `offhook signature verify --secret whsec_… -H "webhook-id: evt_…" -H "webhook-timestamp: 1795312893" \\\n    -H "webhook-signature: v1,…" < body.json`,
    ],
    async () => (await import('./commands/signature.ts')).verifySignature,
  )
    .requiredOption('--secret <secret>', 'secret to verify with (repeatable during a rotation)', collect, [])
    .option('-H, --header <name: value>', 'header as received (repeatable)', collect, [])
    .option('--at <time>', 'judge the timestamp by this clock: Unix seconds or RFC 3339');

  return { program, readExitCode: () => exitCode };
}

function makeContext(surroundings: Surroundings, options: Options): CommandContext {
  const flags: Record<string, string | undefined> = { config: toText(options['config']) };
  for (const name of SETTING_NAMES) flags[name] = toText(options[toOptionName(name)]);
  const reading = readSettings({ env: surroundings.env, cwd: surroundings.cwd, flags });
  if (!reading.ok) {
    throw new CommandFailure(
      EXIT.usage,
      ['The settings have faults:', ...reading.faults.map((fault) => `  - ${fault}`)].join('\n'),
    );
  }
  return {
    settings: reading.settings,
    origins: reading.origins,
    env: surroundings.env,
    cwd: surroundings.cwd,
    stdin: surroundings.stdin,
    signal: surroundings.signal,
    output: createOutput({
      ...surroundings,
      json: options['json'] === true,
      colour: options['color'] !== false,
    }),
  };
}

/** Adds the flags of these settings; secrets have none. */
function withSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const setting: Setting<unknown> = SETTINGS[name];
    if (setting.flag === null) continue;
    command.option(
      `${setting.flag} <${toPlaceholder(setting.unit)}>`,
      `${setting.sentence} ${toHelpNote(name)}`,
    );
  }
  return command;
}

function toPlaceholder(unit: string): string {
  if (unit === 'true or false') return 'bool';
  return unit.startsWith('trace, ') ? 'level' : (unit.split(' ')[0] ?? unit);
}

function withListOptions(command: Command): Command {
  return command
    .option('--filter <query>', 'only what matches, in the language of the search box')
    .option('--since <time>', 'since: 15m, 24h, 7d, or an RFC 3339 time')
    .option('--until <time>', 'before')
    .option('--limit <number>', 'at most so many', toCount, 50);
}

function withDestinationOptions(command: Command): Command {
  return command
    .option('--name <text>', 'a name for people')
    .option('--settings <json>', "the kind's own settings, instead of a URL")
    .option('--set <name=value>', "one of the kind's settings (repeatable)", collect, [])
    .option('--set-env <name=VARIABLE>', 'the same, from the environment (repeatable)', collect, [])
    .option('--set-file <name=path>', 'the same, from a file (repeatable)', collect, [])
    .option('--set-stdin <name>', 'the same, from stdin', collect, [])
    .option('--statuses <list>', 'only these statuses, separated by commas')
    .option('--call-types <list>', 'only these call types')
    .option('--phone-numbers <list>', 'only calls of these numbers of ours')
    .option('--operational-events <list>', 'send these types of operational events as well')
    .addOption(
      new Option('--calls <yes|no>', 'no: none of the events of calls, only operational events').choices([
        'yes',
        'no',
      ]),
    )
    .option(
      '--order <policy>',
      'strict: every event in order; latest: newer ones replace undelivered older ones',
    )
    .option('--concurrency <number>', 'attempts under way at once', toCount)
    .option('--rate <number>', 'attempts per second', toPositive)
    .option('--retry-schedule <list>', 'waits before each further try, such as 5s,1m,10m; or default')
    .option('--timeout <duration>', 'for a whole attempt: 1s to 30s');
}

/** commander's name of a setting's option: `--data-dir` → dataDir. */
function toOptionName(name: SettingName): string {
  const flag = SETTINGS[name].flag;
  if (flag === null) return '';
  return flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function toExamples(...examples: readonly string[]): string {
  return `Examples:\n${examples.map((example) => `  ${example}`).join('\n')}\n`;
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

function toCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

function toPositive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

function toRatio(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('It must be a number from 0 to 1.');
  return value;
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
