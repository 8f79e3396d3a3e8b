import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../src/fault.ts';
import { createGuard, type Guard, type GuardOptions } from '../../src/outbound/guard.ts';

const PUBLIC = [
  '8.8.8.8',
  '1.1.1.1',
  '93.184.216.34',
  '172.32.0.1',
  '100.63.255.255',
  '100.128.0.0',
  '168.63.129.15',
  '198.17.255.255',
];
const PUBLIC_V6 = [
  '2606:4700::1%br-1',
  '2a01:4f8:1:2:100:5efe:7f00:1',
  '2606:4700:4700::1111',
  '2a00:1450:4001:80e::200e',
  '2400:cb00::1',
  '::ffff:8.8.8.8',
  '::ffff:808:808',
];

const REFUSED = [
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'unspecified'],
  ['10.0.0.1', 'private'],
  ['10.255.255.255', 'private'],
  ['100.64.0.1', 'carrier-grade NAT'],
  ['100.100.100.200', 'carrier-grade NAT'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['168.63.129.16', 'cloud platform'],
  ['169.254.169.254', 'link-local'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.0.0.192', 'reserved'],
  ['192.0.2.1', 'reserved'],
  ['192.88.99.1', 'reserved'],
  ['192.168.1.1', 'private'],
  ['198.18.0.1', 'reserved'],
  ['198.19.255.255', 'reserved'],
  ['198.51.100.1', 'reserved'],
  ['203.0.113.1', 'reserved'],
  ['224.0.0.1', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::10.0.0.1', 'reserved'],
  ['::8.8.8.8', 'reserved'],
  ['::a00:1', 'reserved'],
  ['::ffff:10.0.0.1', 'private'],
  ['::ffff:a9fe:a9fe', 'link-local'],
  ['::ffff:168.63.129.16', 'cloud platform'],
  ['0:0:0:0:0:ffff:127.0.0.1', 'loopback'],
  ['::ffff:0:10.0.0.1', 'translated'],
  ['64:ff9b::a00:1', 'NAT64'],
  ['64:ff9b::10.0.0.1', 'NAT64'],
  ['64:ff9b:1::a00:1', 'NAT64'],
  ['100::1', 'reserved'],
  ['2001::1', 'Teredo'],
  ['2001:2::1', 'benchmarking'],
  ['2001:db8::1', 'reserved'],
  ['2002:a00:1::', '6to4'],
  ['2002:7f00:1::1', '6to4'],
  ['4000::1', 'reserved'],
  ['2a01:4f8:1:2:0:5efe:7f00:1', 'ISATAP'],
  ['2a01:4f8:1:2:200:5efe:10.0.0.1', 'ISATAP'],
  ['5f00::1', 'reserved'],
  ['fc00::1', 'private'],
  ['fd00:ec2::254', 'private'],
  ['fd20:ce::254', 'private'],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'link-local'],
  ['fe80::1%br-1', 'link-local'],
  ['::1%a.b:c-d', 'loopback'],
  ['::ffff:10.0.0.1%br-1', 'private'],
  ['fec0::1', 'reserved'],
  ['ff02::1', 'multicast'],
] as const;

describe('the guard knows public addresses', () => {
  const guard = createGuard([]);
  for (const address of [...PUBLIC, ...PUBLIC_V6]) {
    it(`allows ${address}`, () => {
      assert.equal(guard.allows(address), true);
      assert.equal(guard.refuses(address), undefined);
    });
  }
  for (const [address, kind] of REFUSED) {
    it(`refuses ${address}, ${kind}`, () => {
      assert.equal(guard.allows(address), false);
      assert.match(guard.refuses(address) ?? '', new RegExp(`^Rowpost does not call the ${kind} address `));
    });
  }

  it('allows nothing that is no address', () => {
    for (const text of ['', 'example.com', '127.1', '2130706433', '0x7f.1', '8.8.8.8/32', '08.8.8.8', ':::']) {
      assert.equal(guard.allows(text), false, text);
    }
  });

  it('refuses what the URL parser makes of other spellings', () => {
    for (const host of [
      '2130706433',
      '0x7f.1',
      '0177.0.0.1',
      '127.1',
      '127.0.0.1.',
      '①②⑦.⓪.⓪.①',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::127.0.0.1]',
    ]) {
      assert.notEqual(guard.refuses(new URL(`http://${host}/`).hostname), undefined, host);
    }
  });

  it('leaves names to the lookup', () => {
    for (const host of ['localhost', 'api.example.com', 'xn--bcher-kva.example']) assert.equal(guard.refuses(host), undefined);
  });

  it('refuses every mapped form of what it refuses', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(octet, octet, octet, octet, (...octets) => {
        const v4 = octets.join('.');
        assert.equal(guard.allows(`::ffff:${v4}`), guard.allows(v4));
        const hex = octets.map((part) => part.toString(16).padStart(2, '0')).join('');
        assert.equal(guard.allows(`::ffff:${hex.slice(0, 4)}:${hex.slice(4)}`), guard.allows(v4));
        assert.equal(guard.allows(`64:ff9b::${v4}`), false);
      }),
    );
  });
});

describe('the operator opens networks', () => {
  const cases: [allow: string[], address: string, allowed: boolean][] = [
    [['10.0.0.0/8'], '10.1.2.3', true],
    [['10.0.0.0/8'], '::ffff:10.1.2.3', true],
    [['10.0.0.0/8'], '::ffff:a01:203', true],
    [['10.0.0.0/8'], '192.169.0.1', true],
    [['10.0.0.0/8'], '192.168.0.1', false],
    [['10.0.0.0/8'], '64:ff9b::a01:203', false],
    [['10.1.2.3'], '10.1.2.3', true],
    [['10.1.2.3'], '10.1.2.4', false],
    [['10.1.2.3/32', ' 192.168.0.0/16 '], '192.168.7.7', true],
    [['::ffff:10.0.0.0/104'], '10.200.0.1', true],
    [['::1'], '::1', true],
    [['::1'], '127.0.0.1', false],
    [['fd00::/8'], 'fd00:ec2::254', true],
    [['fd00::/8'], 'fc00::1', false],
    [['64:ff9b::/96'], '64:ff9b::808:808', true],
    [['0.0.0.0/0'], '127.0.0.1', true],
    [['0.0.0.0/0'], '::1', false],
    [['168.63.129.16'], '168.63.129.16', true],
  ];
  for (const [allow, address, allowed] of cases) {
    it(`${allow.join(',')} ${allowed ? 'lets' : 'does not let'} ${address} through`, () => {
      assert.equal(createGuard(allow).allows(address), allowed);
    });
  }

  for (const wrong of [
    '',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'fd00::/129',
    '10.0.0/8',
    'localhost',
    '010.0.0.1',
    '::ffff:10.0.0.0/8',
    '10.0.0.0/-1',
  ]) {
    it(`"${wrong}" is a fault`, () => {
      assert.throws(
        () => createGuard([wrong]),
        (error) => error instanceof Fault && error.code === 'settings.allow-private',
      );
    });
  }
});

/** Looks `host` up with a resolver that answers `addresses`. */
function look(
  addresses: string[],
  { allow = [], all = true, origin, ...options }: { allow?: string[]; all?: boolean; origin?: string } & GuardOptions = {},
) {
  const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const guard: Guard = createGuard(allow, {
    ...options,
    resolve: (_, asked, done) => {
      assert.equal(asked.all, true);
      done(null, found);
    },
  });
  const { lookup } = origin === undefined ? guard : guard.at(origin);
  return new Promise<{ code?: string | undefined; message?: string | undefined; address?: unknown; family?: unknown }>(
    (resolve) => {
      lookup('api.internal', { all }, (error, address, family) =>
        resolve(error === null ? { address, family } : { code: error.code, message: error.message }),
      );
    },
  );
}

describe('the lookup', () => {
  it('answers all addresses, or the first', async () => {
    assert.deepEqual(await look(['8.8.8.8', '2606:4700::1']), {
      address: [
        { address: '8.8.8.8', family: 4 },
        { address: '2606:4700::1', family: 6 },
      ],
      family: undefined,
    });
    assert.deepEqual(await look(['8.8.8.8', '1.1.1.1'], { all: false }), { address: '8.8.8.8', family: 4 });
  });

  it('refuses a private address with the way to open it', async () => {
    assert.deepEqual(await look(['10.1.2.3']), {
      code: 'ADDRESS_REFUSED',
      message:
        'api.internal resolves to the private address 10.1.2.3, which Rowpost does not call. If it is yours, start with ROWPOST_ALLOW_PRIVATE=10.1.2.3/32.',
    });
    assert.match(
      (await look(['fd00::1'], { allow: ['10.0.0.0/8'] })).message ?? '',
      /add fd00::1\/128 to ROWPOST_ALLOW_PRIVATE\.$/,
    );
  });

  it('refuses mixtures, wherever the private address stands', async () => {
    for (const mixture of [
      ['8.8.8.8', '127.0.0.1'],
      ['127.0.0.1', '8.8.8.8'],
      ['8.8.8.8', '1.1.1.1', '::ffff:169.254.169.254'],
    ]) {
      for (const all of [true, false]) assert.equal((await look(mixture, { all })).code, 'ADDRESS_REFUSED');
    }
    assert.equal((await look(['8.8.8.8', '10.0.0.1'], { allow: ['10.0.0.0/8'] })).code, undefined);
  });

  it('passes failures on, and calls no answer at all a missing name', async () => {
    assert.equal((await look([])).code, 'ENOTFOUND');
    const failing = createGuard([], {
      resolve: (_, __, done) => done(Object.assign(new Error('again'), { code: 'EAI_AGAIN' }), []),
    });
    const code = await new Promise((resolve) => failing.lookup('x', {}, (error) => resolve(error?.code)));
    assert.equal(code, 'EAI_AGAIN');
  });

  it('lets the operator’s own origin through, at that scheme, host and port only', async () => {
    const own = { exemptOrigin: 'https://api.internal:8443/base?x=1' };
    assert.equal((await look(['10.1.2.3'], { ...own, origin: 'https://api.internal:8443' })).code, undefined);
    for (const origin of [
      'https://api.internal',
      'http://api.internal:8443',
      'https://other.internal:8443',
      'https://api.internal:84430',
    ]) {
      assert.equal((await look(['10.1.2.3'], { ...own, origin })).code, 'ADDRESS_REFUSED', origin);
    }
    assert.equal((await look(['10.1.2.3'], own)).code, 'ADDRESS_REFUSED');
    const literal = createGuard([], { exemptOrigin: 'http://10.1.2.3' });
    assert.equal(literal.at('http://10.1.2.3').refuses('10.1.2.3'), undefined);
    assert.notEqual(literal.at('http://10.1.2.3:81').refuses('10.1.2.3'), undefined);
  });
});
