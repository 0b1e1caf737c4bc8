/**
 * Every setting of the program, once: its name, where it comes from, its default, its unit and one sentence.
 * `--help`, docs/settings.md and offhook.config.example.json are printed from this table, so they cannot drift.
 * It imports nothing heavy, since each CLI command reads it.
 */
import {
  parseBoolean,
  parseChoice,
  parseCidrList,
  parseDuration,
  parseHost,
  parseInteger,
  parseMasterKey,
  parseSecret,
  parseSecretList,
  parseServerList,
  parseText,
  parseUrl,
} from './parse-value.ts';
import type { ParsedValue } from './parse-value.ts';

export const SETTINGS = {
  host: defineSetting<string>({
    env: 'HOST',
    flag: '--host',
    default: '127.0.0.1',
    unit: 'address',
    group: 'server',
    sentence:
      'Address to listen on. Loopback is the local profile: unsigned reports are taken with a warning, and destinations on this machine are allowed. Any other address needs OFFHOOK_API_KEY and OFFHOOK_VOICEDOCK_SECRET.',
    parse: parseHost,
  }),
  port: defineSetting<number>({
    env: 'PORT',
    flag: '--port',
    default: 8080,
    unit: 'port',
    group: 'server',
    sentence: 'Port to listen on; 0 takes any free one and prints it.',
    parse: (text) => parseInteger(text, 0, 65_535),
  }),
  publicUrl: defineSetting<string | null>({
    env: 'OFFHOOK_PUBLIC_URL',
    flag: '--public-url',
    default: null,
    unit: 'URL',
    group: 'server',
    sentence:
      'Address under which others reach this hub, where a proxy stands before it; used in what it prints.',
    parse: (text) => parseUrl(text, ['http:', 'https:']),
  }),
  dataDir: defineSetting<string>({
    env: 'OFFHOOK_DATA_DIR',
    flag: '--data-dir',
    default: './data',
    unit: 'path',
    group: 'store',
    sentence: 'Directory of the journal (SQLite) and of the keys made on first start; made with rights 0700.',
    parse: parseText,
  }),
  databaseUrl: defineSetting<string | null>({
    env: 'DATABASE_URL',
    flag: null,
    default: null,
    unit: 'URL',
    group: 'store',
    secret: true,
    sentence:
      'postgres:// address of a shared journal. This version keeps its journal in SQLite and refuses to start where this is set.',
    parse: (text) => parseUrl(text, ['postgres:', 'postgresql:']),
  }),
  retentionDays: defineSetting<number>({
    env: 'OFFHOOK_RETENTION_DAYS',
    flag: '--retention-days',
    default: 30,
    unit: 'days',
    group: 'store',
    sentence:
      'Calls that ended longer ago, with all that belongs to them, are deleted once nothing is owed for them.',
    parse: (text) => parseInteger(text, 1, 3650),
  }),
  apiKey: defineSetting<string | null>({
    env: 'OFFHOOK_API_KEY',
    flag: null,
    default: null,
    unit: 'text of 24 characters or more',
    group: 'keys',
    secret: true,
    sentence:
      'Admin key for /v1 and for the commands that talk to a hub. Without it one is made on first start and kept in the data directory (api-key, rights 0600).',
    parse: (text) => parseSecret(text, API_KEY_CHARACTERS_MIN, API_KEY_CHARACTERS_MAX),
  }),
  masterKey: defineSetting<string | null>({
    env: 'OFFHOOK_MASTER_KEY',
    flag: null,
    default: null,
    unit: 'base64 of 32 bytes',
    group: 'keys',
    secret: true,
    sentence:
      'Encrypts the secrets of destinations and sources in the journal. Without it one is made on first start and kept in the data directory (master-key, rights 0600). Losing it loses those secrets.',
    parse: parseMasterKey,
  }),
  voicedockSecrets: defineSetting<readonly string[]>({
    env: 'OFFHOOK_VOICEDOCK_SECRET',
    flag: null,
    default: [],
    unit: 'list of texts',
    group: 'keys',
    secret: true,
    sentence:
      'Signing secret of what arrives at /webhooks/status-update; during a rotation several, separated by commas. With it unsigned reports are refused.',
    parse: parseSecretList,
  }),
  egressAllow: defineSetting<readonly string[]>({
    env: 'OFFHOOK_EGRESS_ALLOW',
    flag: '--egress-allow',
    default: [],
    unit: 'list of CIDRs',
    group: 'delivery',
    sentence: 'Address ranges beyond public unicast that destinations may reach, for example 10.20.0.0/16.',
    parse: parseCidrList,
  }),
  egressAllowHttp: defineSetting<boolean>({
    env: 'OFFHOOK_EGRESS_ALLOW_HTTP',
    flag: '--egress-allow-http',
    default: false,
    unit: 'true or false',
    group: 'delivery',
    sentence:
      'Lets plain http go to public addresses as well; otherwise only ranges that were allowed take it.',
    parse: parseBoolean,
  }),
  dnsServers: defineSetting<readonly string[]>({
    env: 'OFFHOOK_DNS_SERVERS',
    flag: '--dns-servers',
    default: [],
    unit: 'list of addresses',
    group: 'delivery',
    sentence:
      'Name servers asked for destinations, as address or address:port; those of the operating system where none are given. /etc/hosts is not read.',
    parse: parseServerList,
  }),
  staleAfterMs: defineSetting<number>({
    env: 'OFFHOOK_STALE_AFTER',
    flag: '--stale-after',
    default: 4 * 3_600_000,
    unit: 'duration',
    group: 'delivery',
    sentence:
      'A call live for longer is shown as unknown and no longer counted as active. Its account says whether it is then ended with error.',
    parse: (text) => parseDuration(text, 60_000, 30 * 86_400_000),
  }),
  errorRateAlertPercent: defineSetting<number>({
    env: 'OFFHOOK_ERROR_RATE_ALERT',
    flag: '--error-rate-alert',
    default: 25,
    unit: '%',
    group: 'watch',
    sentence:
      'Share of finished calls that end with an error from which error_rate.high is raised; 0 raises none. It is normal again below 0.7 of it.',
    parse: (text) => parseInteger(text, 0, 100),
  }),
  errorRateWindowMs: defineSetting<number>({
    env: 'OFFHOOK_ERROR_RATE_WINDOW',
    flag: '--error-rate-window',
    default: 15 * 60_000,
    unit: 'duration',
    group: 'watch',
    sentence: 'The last so and so long, over which that share is taken; whole minutes.',
    parse: (text) => parseDuration(text, 60_000, 24 * 3_600_000),
  }),
  errorRateCallsMin: defineSetting<number>({
    env: 'OFFHOOK_ERROR_RATE_CALLS',
    flag: '--error-rate-calls',
    default: 10,
    unit: 'calls',
    group: 'watch',
    sentence: 'Fewer finished calls than this in the window raise nothing.',
    parse: (text) => parseInteger(text, 1, 1_000_000),
  }),
  exportDir: defineSetting<string | null>({
    env: 'OFFHOOK_EXPORT_DIR',
    flag: '--export-dir',
    default: null,
    unit: 'path',
    group: 'export',
    sentence:
      'Folder into which calls, events and deliveries of all accounts are exported on a schedule; none without it.',
    parse: parseText,
  }),
  exportEvery: defineSetting<ExportPeriod>({
    env: 'OFFHOOK_EXPORT_EVERY',
    flag: '--export-every',
    default: 'day',
    unit: 'day or hour',
    group: 'export',
    sentence: 'One file of each list for every day (or hour) in UTC, written soon after it has ended.',
    parse: (text) => parseChoice(text, EXPORT_PERIODS),
  }),
  exportFormat: defineSetting<ExportFormat>({
    env: 'OFFHOOK_EXPORT_FORMAT',
    flag: '--export-format',
    default: 'parquet',
    unit: 'parquet, csv or ndjson',
    group: 'export',
    sentence: 'Format of these files.',
    parse: (text) => parseChoice(text, EXPORT_FORMATS),
  }),
  exportNumbers: defineSetting<boolean>({
    env: 'OFFHOOK_EXPORT_NUMBERS',
    flag: '--export-numbers',
    default: false,
    unit: 'true or false',
    group: 'export',
    sentence: 'Writes phone numbers in the clear; otherwise they are masked as on the dashboard.',
    parse: parseBoolean,
  }),
  keyRatePerSecond: defineSetting<number | null>({
    env: 'OFFHOOK_KEY_RATE',
    flag: '--key-rate',
    default: null,
    unit: 'requests per second',
    group: 'server',
    sentence:
      'Requests one API key may make, with twice as many at once after a quiet time. None by default: a limit nobody chose would refuse real calls on the busiest day.',
    parse: (text) => parseInteger(text, 1, 1_000_000),
  }),
  sourceRatePerSecond: defineSetting<number | null>({
    env: 'OFFHOOK_SOURCE_RATE',
    flag: '--source-rate',
    default: null,
    unit: 'requests per second',
    group: 'server',
    sentence: 'The same for the reports that one source posts to its webhook address.',
    parse: (text) => parseInteger(text, 1, 1_000_000),
  }),
  shutdownGraceMs: defineSetting<number>({
    env: 'OFFHOOK_SHUTDOWN_GRACE',
    flag: '--shutdown-grace',
    default: 5_000,
    unit: 'duration',
    group: 'server',
    sentence:
      'How long attempts under way may take to finish after SIGTERM; what is left is handed back and sent after the next start.',
    // The whole stop is promised within 10 s: door and journal need the rest.
    parse: (text) => parseDuration(text, 0, 8_000),
  }),
  logLevel: defineSetting<LogLevel>({
    env: 'LOG_LEVEL',
    flag: '--log-level',
    default: 'info',
    unit: 'trace, debug, info, warn, error, fatal or silent',
    group: 'server',
    sentence: 'Lowest level of the log lines (JSON, on stderr).',
    parse: (text) => parseChoice(text, LOG_LEVELS),
  }),
  url: defineSetting<string | null>({
    env: 'OFFHOOK_URL',
    flag: '--url',
    default: null,
    unit: 'URL',
    group: 'commands',
    sentence:
      'Hub that commands such as `calls list` talk to; without it the one on this machine at HOST and PORT.',
    parse: (text) => parseUrl(text, ['http:', 'https:']),
  }),
  listenSecret: defineSetting<string | null>({
    env: 'OFFHOOK_LISTEN_SECRET',
    flag: null,
    default: null,
    unit: 'whsec_ text',
    group: 'commands',
    secret: true,
    sentence:
      'Secret that `offhook listen` signs with. Without it one is made once and kept in your configuration directory, so it stays the same from run to run.',
    parse: (text) => parseSecret(text, API_KEY_CHARACTERS_MIN, API_KEY_CHARACTERS_MAX),
  }),
} as const satisfies Record<string, Setting<unknown>>;

export const API_KEY_CHARACTERS_MIN = 24;
export const API_KEY_CHARACTERS_MAX = 256;
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const EXPORT_PERIODS = ['day', 'hour'] as const;
export type ExportPeriod = (typeof EXPORT_PERIODS)[number];
/** As of api/export-format.ts; said here too, since this table is read by every command. */
const EXPORT_FORMATS = ['csv', 'ndjson', 'parquet'] as const;
type ExportFormat = (typeof EXPORT_FORMATS)[number];
export const SETTING_GROUPS = ['server', 'store', 'keys', 'delivery', 'watch', 'export', 'commands'] as const;
export type SettingGroup = (typeof SETTING_GROUPS)[number];

/** Path of the optional file; not in the table, since the file cannot name itself. */
export const CONFIG_FILE_ENV = 'OFFHOOK_CONFIG';
export const CONFIG_FILE_FLAG = '--config';
export const CONFIG_FILE_DEFAULT = 'offhook.config.json';

export interface Setting<Value> {
  readonly env: string;
  /** null: never on a command line, where every user of the machine could read it. */
  readonly flag: `--${string}` | null;
  readonly default: Value;
  readonly unit: string;
  readonly group: SettingGroup;
  readonly sentence: string;
  /** Masked wherever settings are shown; may also come from the file that `<env>_FILE` names. */
  readonly secret?: true;
  readonly parse: (text: string) => ParsedValue<NonNullable<Value>>;
}

export type SettingName = keyof typeof SETTINGS;
export type Settings = {
  readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer Value> ? Value : never;
};

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** The key in the file: values there carry their unit ("4h") or the page says it, so the name needs none. */
export function toFileKey(name: SettingName): string {
  return name.replace(/(?:Ms|PerSecond)$/, '');
}

/** The defaults with some values replaced: for tests and proofs, which read no environment. */
export function makeSettings(values: Partial<Settings> = {}): Settings {
  const defaults = Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].default]));
  return { ...(defaults as unknown as Settings), ...values };
}

function defineSetting<Value>(setting: Setting<Value>): Setting<Value> {
  return setting;
}
