/** Text of one setting → its value, or what is wrong with it in words that complete "HOST must be …". */
import { isIP } from 'node:net';

export type ParsedValue<Value> =
  | { readonly ok: true; readonly value: Value }
  /** Completes the sentence "<name> must be …". */
  | { readonly ok: false; readonly expected: string };

export const MASTER_KEY_BYTES = 32;

export function parseText(text: string): ParsedValue<string> {
  return ok(text);
}

export function parseChoice<Choice extends string>(
  text: string,
  choices: readonly Choice[],
): ParsedValue<Choice> {
  const choice = choices.find((one) => one === text.toLowerCase());
  return choice === undefined ? expected(`one of ${choices.join(', ')}`) : ok(choice);
}

export function parseBoolean(text: string): ParsedValue<boolean> {
  if (/^(?:true|1)$/i.test(text)) return ok(true);
  return /^(?:false|0)$/i.test(text) ? ok(false) : expected('true or false');
}

export function parseInteger(text: string, min: number, max: number): ParsedValue<number> {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? ok(value) : expected(`a whole number from ${min} to ${max}`);
}

const UNIT_MS = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
} as const;

/** `250ms`, `15s`, `30m`, `4h`, `7d`. A bare number is refused: nobody can know whether 30 means seconds or minutes. */
export function parseDuration(text: string, minMs: number, maxMs: number): ParsedValue<number> {
  const [, digits, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const valueMs = digits === undefined ? Number.NaN : Number(digits) * UNIT_MS[unit as keyof typeof UNIT_MS];
  return valueMs >= minMs && valueMs <= maxMs
    ? ok(valueMs)
    : expected(
        `a duration from ${toDurationText(minMs)} to ${toDurationText(maxMs)}, such as 15s, 30m or 4h`,
      );
}

/** The shortest text that parseDuration reads back to the same value. */
export function toDurationText(valueMs: number): string {
  if (valueMs === 0) return '0s';
  const unit = (['d', 'h', 'm', 's'] as const).find((one) => valueMs % UNIT_MS[one] === 0) ?? 'ms';
  return `${valueMs / UNIT_MS[unit]}${unit}`;
}

export function parseHost(text: string): ParsedValue<string> {
  const isName = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})$/.test(text);
  return isIP(text) !== 0 || isName
    ? ok(text)
    : expected('an IP address or a host name, without scheme and port');
}

/** Whether a server on this host can be reached from this machine only. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

export function parseUrl(text: string, protocols: readonly string[]): ParsedValue<string> {
  const isUrl = URL.canParse(text) && protocols.includes(new URL(text).protocol);
  return isUrl
    ? ok(text.replace(/\/+$/, ''))
    : expected(`an address that starts with ${protocols.map((one) => `${one}//`).join(' or ')}`);
}

export function parseSecret(text: string, charactersMin: number, charactersMax: number): ParsedValue<string> {
  return text.length >= charactersMin && text.length <= charactersMax && !/\s/.test(text)
    ? ok(text)
    : expected(`${charactersMin} to ${charactersMax} characters, without spaces`);
}

export function parseSecretList(text: string): ParsedValue<readonly string[]> {
  const secrets = toList(text);
  return secrets.length > 0 && secrets.every((secret) => !/\s/.test(secret))
    ? ok(secrets)
    : expected('one secret or several separated by commas, without spaces inside');
}

export function parseMasterKey(text: string): ParsedValue<string> {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === MASTER_KEY_BYTES && toUnpadded(bytes.toString('base64')) === toUnpadded(text)
    ? ok(text)
    : expected(`the base64 of ${MASTER_KEY_BYTES} bytes, made for example by: openssl rand -base64 32`);
}

export function parseCidrList(text: string): ParsedValue<readonly string[]> {
  const ranges = toList(text);
  return ranges.every(isCidr)
    ? ok(ranges)
    : expected('address ranges such as 10.20.0.0/16 or fd00::/8, separated by commas');
}

export function parseServerList(text: string): ParsedValue<readonly string[]> {
  const servers = toList(text);
  const isServer = (server: string): boolean => {
    const [, bracketed] = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(server) ?? [];
    return isIP(server) !== 0 || isIP(bracketed ?? server.replace(/:\d{1,5}$/, '')) !== 0;
  };
  return servers.every(isServer)
    ? ok(servers)
    : expected('addresses such as 10.0.0.2, 10.0.0.2:5353 or [fd00::2]:53, separated by commas');
}

function isCidr(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const family = isIP(address);
  // A bare address is a range of one.
  if (family !== 0 && !text.includes('/')) return true;
  if (rest.length > 0 || !/^\d{1,3}$/.test(prefix)) return false;
  return family !== 0 && Number(prefix) <= (family === 4 ? 32 : 128);
}

function toList(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function toUnpadded(text: string): string {
  return text.replace(/={1,2}$/, '');
}

function ok<Value>(value: Value): ParsedValue<Value> {
  return { ok: true, value };
}

function expected(what: string): { readonly ok: false; readonly expected: string } {
  return { ok: false, expected: what };
}
