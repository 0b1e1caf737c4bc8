/**
 * Which addresses the hub may dial. Customers choose URLs, so this is the wall between them and
 * everything else on the operator's network. In: one address, a port, a protocol. Out: null, or why not.
 * Names never reach this file: whoever dials resolves first and shows every address to `refuse`.
 */
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

export type EgressProtocol = 'http:' | 'https:';

export interface EgressTarget {
  /** A literal address, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  readonly protocol: EgressProtocol;
  /** Of a protocol that is not the web's: its own ports on public addresses, beside those of the web. */
  readonly isUsualPort?: (port: number) => boolean;
}

export interface EgressGuard {
  /** Null where the target may be dialled; else a phrase that completes "… cannot be used: …", without the address. */
  refuse(target: EgressTarget): string | null;
  /** Whether plain http could pass for any name at all; the settings door asks this before DNS can. */
  readonly mayUseHttp: boolean;
}

export interface OwnAddress {
  readonly address: string;
  readonly port: number;
}

export interface EgressGuardOptions {
  /** CIDRs beyond public unicast that may be dialled, on any port and over http too; a bare address is one host. */
  readonly allow: readonly string[];
  /** The local profile: 127.0.0.0/8 and ::1 may be dialled, on any port and over http too. */
  readonly allowLoopback: boolean;
  /** Lets http reach public addresses as well; off unless an administrator says so. */
  readonly allowHttp?: boolean;
  readonly publicPorts?: readonly number[];
  /** Where this hub itself listens, asked at each dial since the port may only be known after start. */
  readonly ownAddresses?: () => readonly OwnAddress[];
}

/** The web's ports and its usual second https port: a hub that dials any port is a port scanner for hire. */
export const PUBLIC_PORTS: readonly number[] = [80, 443, 8443];

export function createEgressGuard(options: EgressGuardOptions): EgressGuard {
  const allowed = options.allow.map((text) => {
    const range = parseCidr(text);
    if (range === null) throw new Error(`"${text}" is not a CIDR such as 10.0.0.0/8 or fd00::/8`);
    return range;
  });
  const publicPorts = new Set(options.publicPorts ?? PUBLIC_PORTS);
  const allowHttp = options.allowHttp ?? false;

  return {
    mayUseHttp: allowHttp || options.allowLoopback || allowed.length > 0,
    refuse({ address, port, protocol, isUsualPort }) {
      const ip = parseAddress(address);
      if (ip === null) return 'it is not an address this hub can read';
      if (isOwn(ip, port, options.ownAddresses?.() ?? [])) return 'it is the address of this hub itself';
      if (isAllowed(ip, allowed) || (options.allowLoopback && ip.range() === 'loopback')) return null;
      if (!isPublic(ip)) {
        return `it is ${rangeWords(ip)}; an administrator can allow its range with OFFHOOK_EGRESS_ALLOW`;
      }
      if (protocol === 'http:' && !allowHttp)
        return 'plain http may only go to addresses an administrator has allowed; use https';
      if (!publicPorts.has(port) && isUsualPort?.(port) !== true) {
        return `port ${port} is not one of ${[...publicPorts].join(', ')}; use one of them or have its range allowed with OFFHOOK_EGRESS_ALLOW`;
      }
      return null;
    },
  };
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

export interface Cidr {
  readonly network: Address;
  readonly prefixBits: number;
}

/** Reads `10.0.0.0/8` or a bare address; null where it is neither. */
export function parseCidr(text: string): Cidr | null {
  const trimmed = text.trim();
  const whole = parseAddress(trimmed);
  if (whole !== null) return { network: whole, prefixBits: whole.kind() === 'ipv4' ? 32 : 128 };
  if (!ipaddr.isValidCIDR(trimmed) || trimmed.includes('%')) return null;
  const [network, prefixBits] = ipaddr.parseCIDR(trimmed);
  return { network, prefixBits };
}

/** IPv4-mapped addresses come back as the IPv4 they are; zone ids are refused, since they name an interface of ours. */
function parseAddress(text: string): Address | null {
  if (text.includes('%') || !(ipaddr.IPv6.isValid(text) || ipaddr.IPv4.isValidFourPartDecimal(text)))
    return null;
  return ipaddr.process(text);
}

/**
 * `ipaddr.js` 2.5.0 alone misses 3 of the 57 addresses in reference 6.3 (`::7f00:1`, `::a9fe:a9fe`, `100:0:0:1::1`);
 * asking for 2000::/3, the only IPv6 space handed out for public use, closes them: 0 missed, 0 public ones refused.
 */
function isPublic(ip: Address): boolean {
  if (ip.range() !== 'unicast' || CLOUD_METADATA.has(ip.toString())) return false;
  return ip instanceof ipaddr.IPv4 || ip.match(PUBLIC_IPV6, 3);
}

const PUBLIC_IPV6 = ipaddr.IPv6.parse('2000::');

/** Addresses that hand credentials to whoever asks; 168.63.129.16 (Azure) even stands in public space. */
const CLOUD_METADATA: ReadonlySet<string> = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  ipaddr.IPv6.parse('fd00:ec2::254').toString(),
  ipaddr.IPv6.parse('fd00:ec2::23').toString(),
  ipaddr.IPv6.parse('fd20:ce::254').toString(),
]);

/** A metadata address needs an entry of its own: nobody who writes 0.0.0.0/0 means to give the machine's credentials away. */
function isAllowed(ip: Address, allowed: readonly Cidr[]): boolean {
  const exactOnly = CLOUD_METADATA.has(ip.toString());
  return allowed.some(({ network, prefixBits }) => {
    if (exactOnly && prefixBits !== (ip.kind() === 'ipv4' ? 32 : 128)) return false;
    if (ip instanceof ipaddr.IPv4) return network instanceof ipaddr.IPv4 && ip.match(network, prefixBits);
    return network instanceof ipaddr.IPv6 && ip.match(network, prefixBits);
  });
}

/** A hub that listens on 0.0.0.0 or :: is reachable at each address of its machine. */
function isOwn(ip: Address, port: number, ownAddresses: readonly OwnAddress[]): boolean {
  return ownAddresses.some((own) => {
    if (own.port !== port) return false;
    const ownIp = parseAddress(own.address);
    if (ownIp === null) return false;
    if (ownIp.range() !== 'unspecified') return ownIp.toString() === ip.toString();
    if (ip.range() === 'loopback' || ip.range() === 'unspecified') return true;
    return Object.values(networkInterfaces())
      .flat()
      .some((card) => card !== undefined && parseAddress(card.address)?.toString() === ip.toString());
  });
}

function rangeWords(ip: Address): string {
  const range = ip.range();
  switch (range) {
    case 'loopback':
      return 'a loopback address (this machine)';
    case 'private':
    case 'uniqueLocal':
      return 'a private address';
    case 'linkLocal':
      return 'a link-local address';
    case 'carrierGradeNat':
      return 'a carrier-grade NAT address';
    case 'multicast':
    case 'broadcast':
      return 'not the address of a single machine';
    default:
      return 'not a public address';
  }
}
