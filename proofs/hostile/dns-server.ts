/** A DNS server on UDP whose answers the test decides per question, so that rebinding, mixes and silence are one line each. */
import dgram from 'node:dgram';
import dnsPacket from 'dns-packet';

export type DnsAnswer =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[]; readonly ttlSeconds?: number }
  | { readonly kind: 'error'; readonly code: 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' }
  | { readonly kind: 'silence' };

export interface DnsServer {
  /** For a resolver's `servers`. */
  readonly address: string;
  /** Names asked for, in order, A and AAAA alike. */
  readonly questions: readonly string[];
  close(): Promise<void>;
}

export async function startDnsServer(
  answer: (name: string, nth: number, type: 'A' | 'AAAA') => DnsAnswer,
): Promise<DnsServer> {
  const socket = dgram.createSocket('udp4');
  const questions: string[] = [];
  const counts = new Map<string, number>();

  socket.on('message', (message, from) => {
    const query = dnsPacket.decode(message);
    const question = query.questions?.[0];
    if (question === undefined || (question.type !== 'A' && question.type !== 'AAAA')) return;
    const { name, type } = question;
    questions.push(name);
    const key = `${type} ${name}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    const decided = answer(name, nth, type);
    if (decided.kind === 'silence') return;

    const answers =
      decided.kind === 'error'
        ? []
        : decided.addresses
            .filter((address) => address.includes(':') === (type === 'AAAA'))
            .map((address) => ({ type, name, ttl: decided.ttlSeconds ?? 0, data: address }));
    const code = decided.kind === 'error' ? RESPONSE_CODES[decided.code] : 0;
    const reply = dnsPacket.encode({
      type: 'response',
      id: query.id ?? 0,
      flags: dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | code,
      questions: [question],
      answers,
    });
    socket.send(reply, from.port, from.address);
  });

  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    close: () => new Promise((resolve) => void socket.close(() => resolve())),
  };
}

const RESPONSE_CODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
