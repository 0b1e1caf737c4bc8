import { describe, expect, it } from 'vitest';
import { createEgressGuard, parseCidr } from './address-rules.ts';

/** The list of reference/reliability-security.md, section 6.3. */
const FORBIDDEN = `
  0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 169.254.169.254 169.254.170.2
  172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.51.100.1
  203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
  :: ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:a9fe:a9fe 0:0:0:0:0:ffff:a9fe:a9fe ::127.0.0.1 ::7f00:1 ::a9fe:a9fe
  ::ffff:0:127.0.0.1 ::ffff:0:7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::7f00:1 64:ff9b:1::a9fe:a9fe 2002:7f00:1::
  2002:a9fe:a9fe:: 2001:0:4136:e378:8000:63bf:5601:5601
  2001:db8::1 2001:2::1 2001:10::1 2001:20::1 3fff::1 fc00::1 fd00:ec2::254 fe80::1 febf::1 fe80::1%lo fec0::1
  ff02::1 100::1 100:0:0:1::1 5f00::1 2620:4f:8000::1 2001:4:112::1`
  .trim()
  .split(/\s+/);
const PUBLIC = ['1.1.1.1', '8.8.8.8', '2606:4700:4700::1111', '2001:4860:4860::8888', '::ffff:8.8.8.8'];

const https = { port: 443, protocol: 'https:' } as const;
const closed = createEgressGuard({ allow: [], allowLoopback: false });

describe('the egress guard', () => {
  it('knows all 57 addresses of the list', () => expect(FORBIDDEN).toHaveLength(57));

  for (const address of [
    ...FORBIDDEN,
    '168.63.129.16',
    'localhost',
    '',
    '1.2.3',
    '0x7f.1',
    '1.1.1.1%lo',
    '0177.0.0.1',
  ]) {
    it(`refuses ${address === '' ? 'an empty address' : address}`, () => {
      expect(closed.refuse({ address, ...https })).not.toBeNull();
    });
  }

  for (const address of PUBLIC) {
    it(`lets ${address} pass`, () => expect(closed.refuse({ address, ...https })).toBeNull());
  }

  it('keeps plain http away from public addresses unless an administrator allows it', () => {
    const target = { address: '1.1.1.1', port: 80, protocol: 'http:' } as const;
    expect(closed.refuse(target)).toMatch(/use https/);
    expect(createEgressGuard({ allow: [], allowLoopback: false, allowHttp: true }).refuse(target)).toBeNull();
  });

  it("dials a public address on the web's ports only", () => {
    expect(closed.refuse({ address: '1.1.1.1', port: 22, protocol: 'https:' })).toMatch(/port 22/);
    expect(closed.refuse({ address: '1.1.1.1', port: 8443, protocol: 'https:' })).toBeNull();
  });

  it('lets an allowed range pass on any port and over http, and nothing beside it', () => {
    const guard = createEgressGuard({ allow: ['10.0.0.0/8', 'fd00::/8'], allowLoopback: false });
    expect(guard.refuse({ address: '10.1.2.3', port: 9000, protocol: 'http:' })).toBeNull();
    expect(guard.refuse({ address: '::ffff:10.1.2.3', port: 9000, protocol: 'http:' })).toBeNull();
    expect(guard.refuse({ address: 'fd12::1', port: 443, protocol: 'https:' })).toBeNull();
    expect(guard.refuse({ address: '11.0.0.1', port: 9000, protocol: 'http:' })).not.toBeNull();
    expect(guard.refuse({ address: '192.168.0.1', ...https })).not.toBeNull();
    expect(guard.mayUseHttp).toBe(true);
  });

  it('lets loopback pass in the local profile, and no other private range', () => {
    const guard = createEgressGuard({ allow: [], allowLoopback: true });
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
      expect(guard.refuse({ address, port: 3000, protocol: 'http:' })).toBeNull();
    }
    for (const address of ['10.0.0.1', '0.0.0.0', '169.254.169.254', '::']) {
      expect(guard.refuse({ address, port: 3000, protocol: 'http:' })).not.toBeNull();
    }
  });

  it('gives a cloud metadata address away only to an entry of its own', () => {
    const metadata = { address: '169.254.169.254', port: 80, protocol: 'http:' } as const;
    expect(createEgressGuard({ allow: ['0.0.0.0/0'], allowLoopback: true }).refuse(metadata)).not.toBeNull();
    expect(
      createEgressGuard({ allow: ['169.254.169.254'], allowLoopback: false }).refuse(metadata),
    ).toBeNull();
  });

  it('refuses its own address, also where it listens on all of them', () => {
    const guard = createEgressGuard({
      allow: [],
      allowLoopback: true,
      ownAddresses: () => [
        { address: '127.0.0.1', port: 8080 },
        { address: '0.0.0.0', port: 8081 },
      ],
    });
    expect(guard.refuse({ address: '127.0.0.1', port: 8080, protocol: 'http:' })).toMatch(/this hub itself/);
    expect(guard.refuse({ address: '::ffff:127.0.0.1', port: 8080, protocol: 'http:' })).toMatch(
      /this hub itself/,
    );
    expect(guard.refuse({ address: '127.0.0.5', port: 8081, protocol: 'http:' })).toMatch(/this hub itself/);
    expect(guard.refuse({ address: '127.0.0.1', port: 3000, protocol: 'http:' })).toBeNull();
  });

  it('reads CIDRs and single addresses, and nothing else', () => {
    expect(parseCidr('10.0.0.0/8')?.prefixBits).toBe(8);
    expect(parseCidr(' 192.168.1.4 ')?.prefixBits).toBe(32);
    expect(parseCidr('fd00::/8')?.prefixBits).toBe(8);
    for (const text of ['', '10.0.0.0/33', 'localhost', '10.0.0', 'fe80::1%lo/64', '10.0.0.0/8/8'])
      expect(parseCidr(text)).toBeNull();
  });
});
