/**
 * The zoo in a process of its own, so that the load of misbehaving is not measured as load of the hub. Started with
 * the names of behaviours as arguments; prints one line of JSON when all of them listen, and ends with its parent.
 */
import { availableParallelism, setPriority } from 'node:os';
import type { BehaviourName } from './behaviours.ts';
import { BEHAVIOUR_NAMES } from './behaviours.ts';
import { startDnsServer } from './dns-server.ts';
import { startHostileServer } from './hostile-server.ts';

export interface HostileProcessReady {
  readonly urls: Readonly<Record<string, string>>;
  /** A name server that knows nothing but silence. */
  readonly silentDns: string;
}

const names = process.argv
  .slice(2)
  .filter((name): name is BehaviourName => BEHAVIOUR_NAMES.some((known) => known === name));
// Attackers have machines of their own; on a small one they must not take the hub's turn at the processor.
if (availableParallelism() < 8) setPriority(19);

const servers = await Promise.all(names.map(startHostileServer));
const dns = await startDnsServer(() => ({ kind: 'silence' }));
const ready: HostileProcessReady = {
  urls: Object.fromEntries(servers.map((server) => [server.behaviour, server.url])),
  silentDns: dns.address,
};
process.stdout.write(`${JSON.stringify(ready)}\n`);
process.stdin.resume().on('end', () => process.exit(0));
