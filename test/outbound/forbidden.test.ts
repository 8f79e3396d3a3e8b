/** However an address is written, and by whatever way it comes: nothing that is not public is connected to, nor anything that was not meant. */

import assert from 'node:assert/strict';
import { lookup as systemLookup } from 'node:dns';
import { after, before, describe, it } from 'node:test';
import { realClock } from '../../src/commands/real-world.ts';
import type { OutboundRequest } from '../../src/outbound/exchange.ts';
import { createGuard, type Resolve } from '../../src/outbound/guard.ts';
import type { Transport } from '../../src/outbound/transport.ts';
import { call, destinationOf } from '../delivery/calling.ts';
import { seeded } from '../seeded.ts';
import { always, type Doors, found, openDoors } from './doors.ts';
import { type Listeners, listeners, type Watched, watchConnections } from './listeners.ts';
import { http, rawServer } from './raw-server.ts';
import { forbiddenUrl, isForbidden, LISTENING, literalOf, overV6, spelledUrl, spelledV4 } from './spellings.ts';
import { TRANSPORTS } from './transports.ts';

/** `FORMS=5000 node test/run.js test/outbound/forbidden.test.ts` is the long form; SEED repeats a run. */
const FORMS = Number(process.env.FORMS ?? 100);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** `PORT` is the listeners'. Each is tried as it stands here by every door. */
const WRITTEN = [
  // Numbers: decimal, octal, hexadecimal, short, mixed, too large, too many.
  ...['127.0.0.1', '127.0.0.2', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7F.0.0.1', '0x7f.1', '0X7F.0X0.0X0.0X1'],
  ...['0177.0.0.1', '0177.1', '017700000001', '00000177.00.00.01', '0x0000007f.0.0.1', '0177.0x0.0.1', '127.0x1', '127.0.0x1'],
  ...['0', '0.0', '0x0', '00', '0.0.0.0', '127.0.0.1.', '127.1.', '0x7f.1.', '127.0.0.1..', '127..0.1', '.127.0.0.1'],
  ...[
    '4294967295',
    '4294967296',
    '6425673729',
    '127.0.0.256',
    '127.0.0.0.1',
    '08.0.0.1',
    '0x',
    '0x7g.1',
    '1e2',
    '-1',
    '+127.0.0.1',
  ],
  // Other digits and dots, ignored characters, percent signs.
  ...[
    '①②⑦.⓪.⓪.①',
    '１２７.０.０.１',
    '１２７。０．０｡１',
    '𝟏𝟐𝟕.𝟎.𝟎.𝟏',
    '¹²⁷.⁰.⁰.¹',
    '₁₂₇.₀.₀.₁',
    '١٢٧.٠.٠.١',
    '०.०.०.०',
    '０ｘ７ｆ.１',
  ],
  ...[
    '127.0.0\u00ad.1',
    '1\u200b27.0.0.1',
    '127\u2060.0.0.1',
    '127.0.0.1\ufe0f',
    '\u200e127.0.0.1',
    '127%2e0%2e0%2e1',
    '%31%32%37.%30.0.1',
  ],
  ...[
    '127%E3%80%820.0.1',
    '%EF%BC%91%EF%BC%92%EF%BC%97.1',
    '127.0.0.1%00',
    '127.0.0.1%00.hooks.example.com',
    '127.0.0.1%2f',
    '127.0.0.1%20',
    '%25127.0.0.1',
  ],
  ...['1\t2\n7.\r0.0.1', '127.0.0.1\t', '\t127.0.0.1', '127.0.0.1\u0000', '127 .0.0.1', '127.0.0.1\u3000'],
  // IPv6, and IPv4 within it.
  ...[
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[0000:0000:0000:0000:0000:0000:0000:0001]',
    '[::0001]',
    '[0::1]',
    '[::]',
    '[0::0]',
    '[::0.0.0.1]',
  ],
  ...[
    '[::127.0.0.1]',
    '[::7f00:1]',
    '[::ffff:127.0.0.1]',
    '[::FFFF:7F00:0001]',
    '[0:0:0:0:0:ffff:7f00:1]',
    '[::ffff:0:127.0.0.1]',
    '[::ffff:0:0]',
  ],
  ...[
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[0064:ff9b:0:0:0:0:7f00:0001]',
    '[64:ff9b:1::127.0.0.1]',
    '[64:ff9b:1:ffff::169.254.169.254]',
  ],
  ...[
    '[2002:7f00:1::]',
    '[2002:7f00:1::1]',
    '[2002:a9fe:a9fe::1]',
    '[2001::1]',
    '[2001:0:7f00:1::]',
    '[2001:0:cb00:7101:0:ffff:80ff:fffe]',
  ],
  ...[
    '[fe80::5efe:127.0.0.1]',
    '[fe80::200:5efe:7f00:1]',
    '[2a01:4f8:1:2:0:5efe:127.0.0.1]',
    '[2a01:4f8:1:2:200:5efe:a9fe:a9fe]',
  ],
  ...[
    '[::1%25lo]',
    '[::1%lo]',
    '[fe80::1%25eth0]',
    '[fe80::1%eth0]',
    '[::1]%25lo',
    '[[::1]]',
    '[::1',
    '::1]',
    '[::ffff:0x7f.1]',
    '[::ffff:127.1]',
    '[v1.127.0.0.1]',
  ],
  ...[
    '[fc00::1]',
    '[fd00:ec2::254]',
    '[fd20:ce::254]',
    '[fe80::1]',
    '[fec0::1]',
    '[ff02::1]',
    '[100::1]',
    '[2001:db8::1]',
    '[3fff::1]',
    '[5f00::1]',
  ],
  // Networks that are not public, and what stands in the cloud.
  ...[
    '10.0.0.1',
    '10.1',
    '167772161',
    '0xa.1',
    '012.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '192.168.1',
    '0300.0250.0.1',
  ],
  ...[
    '100.64.0.1',
    '100.127.255.255',
    '100.100.100.200',
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '169.254.43518',
  ],
  ...[
    '169.254.170.2',
    '168.63.129.16',
    '0xa83f8110',
    '192.0.0.192',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.250',
  ],
  ...[
    '240.0.0.1',
    '255.255.255.255',
    '0xffffffff',
    '037777777777',
    '255.255.65535',
    '[::ffff:169.254.169.254]',
    '[::ffff:168.63.129.16]',
  ],
  // Names: every name leads to 127.0.0.1 or nowhere here.
  ...[
    'localhost',
    'LOCALHOST',
    'localhost.',
    'a.localhost',
    'localhost.localdomain',
    'ip6-localhost',
    'loopback',
    'broadcasthost',
  ],
  ...[
    'ｌｏｃａｌｈｏｓｔ',
    'loc\u00adalhost',
    'l%6fcalhost',
    'localhoſt',
    'xn--lcalhost-7gg',
    'metadata',
    'metadata.google.internal',
    'instance-data',
  ],
  ...[
    'instance-data.ec2.internal',
    'metadata.azure.internal',
    'kubernetes.default.svc',
    'host.docker.internal',
    'rancher-metadata',
  ],
  ...[
    '127.0.0.1.example.com',
    '127-0-0-1.example.com',
    '127.0.0.1.xn--fiqs8s',
    'xn--127-001-.example',
    'bücher.example',
    'hooks.example.com.',
    '_a.example',
  ],
].map((host) => `http://${host}:PORT/`);

/** What parsers of URLs read in more than one way. */
const TWISTED = [
  ...[
    'http://hooks.example.com@127.0.0.1:PORT/',
    'http://hooks.example.com:80@127.0.0.1:PORT/',
    'http://127.0.0.1:PORT@hooks.example.com:PORT/',
  ],
  ...[
    'http://hooks.example.com\\@127.0.0.1:PORT/',
    'http://127.0.0.1:PORT\\@hooks.example.com/',
    'http://127.0.0.1:PORT#@hooks.example.com/',
  ],
  ...[
    'http://127.0.0.1:PORT?@hooks.example.com/',
    'http://127.0.0.1:PORT/@hooks.example.com/',
    'http://hooks.example.com#@127.0.0.1:PORT/',
  ],
  ...[
    'http://hooks.example.com %40127.0.0.1:PORT/',
    'http://hooks.example.com%40127.0.0.1:PORT/',
    'http://:@127.0.0.1:PORT/',
    'http://@127.0.0.1:PORT/',
  ],
  ...[
    '//127.0.0.1:PORT/',
    '\\\\127.0.0.1:PORT/',
    '/\\127.0.0.1:PORT/',
    '/\t/127.0.0.1:PORT/',
    '\\/127.0.0.1:PORT',
    '///127.0.0.1:PORT/',
    '////127.0.0.1:PORT/',
  ],
  ...[
    'http:127.0.0.1:PORT/',
    'http:/127.0.0.1:PORT/',
    'http:///127.0.0.1:PORT/',
    'http:\\\\127.0.0.1:PORT\\',
    'ht\ntp://127.0.0.1:PORT/',
    ' http://127.0.0.1:PORT/ ',
  ],
  ...[
    '\u0000http://127.0.0.1:PORT/',
    '\u001fhttp://127.0.0.1:PORT/',
    'HTTP://127.0.0.1:PORT',
    'https://127.0.0.1:PORT/',
    'hTTps://[::1]:PORT',
  ],
  ...[
    'http://127.0.0.1:0PORT/',
    'http://127.0.0.1:\tPORT/',
    'http://127.0.0.1:PORT0000/',
    'http://127.0.0.1:-PORT/',
    'http://127.0.0.1::PORT/',
    'http://127.0.0.1:PORT:PORT/',
  ],
  ...[
    'ws://127.0.0.1:PORT/',
    'ftp://127.0.0.1:PORT/',
    'gopher://127.0.0.1:PORT/_',
    'file://127.0.0.1/etc/passwd',
    'file:///etc/passwd',
    'data:,x',
    'javascript:1',
  ],
  ...[
    'unix:/var/run/docker.sock:/info',
    'http://unix/var/run/docker.sock:/info',
    'http://unix:/var/run/docker.sock:/info',
    'http+unix://%2Fvar%2Frun%2Fdocker.sock/info',
  ],
  ...[
    'blob:http://127.0.0.1:PORT/1',
    'view-source:http://127.0.0.1:PORT/',
    'jar:http://127.0.0.1:PORT!/',
    'about:blank',
    'http://',
    'http:',
    '',
    ' ',
    '.',
    '..',
    '?',
    '#',
    '/..//127.0.0.1:PORT/',
  ],
  ...[
    'http://hooks.example.com:PORT/\r\nHost: 127.0.0.1:PORT\r\n\r\n',
    'http://hooks.example.com:PORT/ HTTP/1.1\r\nX: y',
    '{{ settings.text }}',
    '..%2f..%2f@127.0.0.1:PORT',
  ],
];

const ADDRESSES = [...LISTENING, '::1'];

for (const [transport, create] of TRANSPORTS) {
  describe(`${transport}: nothing leaves for an address that is not public, or not meant`, () => {
    let there: Listeners;
    let doors: Doors;
    let watched: Watched;
    before(async () => {
      watched = watchConnections();
      there = await listeners(ADDRESSES);
      doors = await openDoors(create, there.port);
    });
    after(async () => {
      watched.stop();
      there.close();
      await doors.close();
    });

    /** By all doors; only the API's own origin may be connected to. */
    const enter = async (url: string): Promise<void> => {
      const literal = literalOf(url, doors.own.url);
      assert.ok(literal === undefined || isForbidden(literal) || url.startsWith('.'), `the form itself: ${JSON.stringify(url)}`);
      for (const door of doors.all) {
        const begun = watched.tried.length;
        await door.enter(url);
        const gone = watched.tried.slice(begun).filter((to) => to !== `127.0.0.1:${doors.own.port}`);
        assert.deepEqual(gone, [], `${door.name}, ${JSON.stringify(url)} (SEED=${SEED})`);
      }
    };

    it('listeners stand on this machine’s addresses', (t) => {
      assert.ok(there.addresses.includes('127.0.0.1'));
      const missing = ADDRESSES.filter((address) => !there.addresses.includes(address));
      if (missing.length > 0) t.skip(`this machine has no ${missing.join(', ')}: forms of it are watched, not listened for`);
    });

    it('forms written by hand', async () => {
      for (const form of [...WRITTEN, ...TWISTED]) await enter(form.replaceAll('PORT', String(there.port)));
      assert.equal(there.total(), 0);
      assert.ok(doors.own.seen.requests > 1000, 'the API was asked');
    });

    it('forms made by chance', { timeout: 1_200_000 }, async (t) => {
      const chance = seeded(SEED);
      const distinct = new Set<string>();
      let literals = 0;
      while (distinct.size < FORMS) {
        const form = forbiddenUrl(there.port, chance);
        if (distinct.has(form)) continue;
        distinct.add(form);
        if (literalOf(form, doors.own.url) !== undefined) literals++;
        await enter(form);
      }
      assert.equal(there.total(), 0);
      assert.ok(literals > FORMS / 2, `${literals} of ${FORMS} are addresses`);
      t.diagnostic(
        `${FORMS + WRITTEN.length + TWISTED.length} forms by ${doors.all.length} doors, ${literals} of ${FORMS} made ones lead to an address, ` +
          `${there.total()} connections to ${there.addresses.length} listeners, ${doors.own.seen.requests} requests to the API; SEED=${SEED}`,
      );
    });
  });

  describe(`${transport}: what is allowed is reached by the same forms`, () => {
    const closing: (() => unknown)[] = [];
    after(async () => {
      for (const close of closing) await close();
    });
    const get = (url: string): OutboundRequest => ({ method: 'GET', url, headers: {}, body: undefined });
    const sending = (allow: readonly string[], options: Parameters<typeof createGuard>[1] = {}): Transport => {
      const made = create({ connections: 4, guard: createGuard(allow, options), maxResponse: 1000 });
      closing.push(() => made.close());
      return made;
    };
    const listening = async (): Promise<Listeners> => {
      const made = await listeners(ADDRESSES);
      closing.push(() => made.close());
      return made;
    };

    it('an address that the operator opened, and no other', async () => {
      const there = await listening();
      const { send } = sending(['127.0.0.1']);
      const chance = seeded(SEED);
      let reached = 0;
      for (let form = 0; form < 200; form++) {
        for (const address of ['127.0.0.1', '127.0.0.2']) {
          const host = chance() < 0.7 ? spelledV4(address, chance) : `[${overV6(address, chance)}]`;
          const url = spelledUrl(host, there.port, chance);
          const literal = literalOf(url);
          const meant = (literal === '127.0.0.1' || literal === '::ffff:7f00:1') && /^http:/.test(new URL(url).protocol);
          const reply = await send(get(url), { timeout: 2000 });
          const arrived = reply.kind === 'answer';
          // An IPv4 address in IPv6's clothes needs a system with IPv6.
          if (literal !== '::ffff:7f00:1' || there.addresses.includes('::1')) assert.equal(arrived, meant, JSON.stringify(url));
          if (arrived) reached++;
        }
      }
      assert.ok(reached > 50, `${reached} reached it`);
      assert.deepEqual({ ...there.taken, '127.0.0.1': 0 }, Object.fromEntries(there.addresses.map((address) => [address, 0])));
      // A URL of https leads there too, and finds no TLS.
      assert.ok((there.taken['127.0.0.1'] ?? 0) >= reached);
    });

    it('the origin that the operator named, at its port only', async () => {
      const [own, other] = [await listening(), await listening()];
      const { send } = sending([], { exemptOrigin: `http://127.0.0.1:${own.port}` });
      for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '①②⑦.⓪.⓪.①']) {
        assert.equal((await send(get(`http://${host}:${own.port}/`), { timeout: 2000 })).kind, 'answer', host);
        assert.equal((await send(get(`http://${host}:${other.port}/`), { timeout: 2000 })).kind, 'unreachable', host);
      }
      for (const url of [
        `https://127.0.0.1:${own.port}/`,
        `http://127.0.0.2:${own.port}/`,
        `http://[::ffff:127.0.0.1]:${own.port}/`,
      ]) {
        const reply = await send(get(url), { timeout: 2000 });
        assert.equal(reply.kind === 'unreachable' && reply.code, 'ADDRESS_REFUSED', url);
      }
      assert.deepEqual([own.total(), other.total()], [4, 0]);
    });

    it('this machine’s own names, as its resolver finds them, are refused', async () => {
      const there = await listening();
      const { send } = sending([], { resolve: systemLookup });
      for (const name of ['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'ip6-localhost']) {
        const reply = await send(get(`http://${name}:${there.port}/`), { timeout: 2000 });
        assert.match(
          reply.kind === 'unreachable' ? reply.code : 'answer',
          /^(ADDRESS_REFUSED|ENOTFOUND|EAI_AGAIN|TIMEOUT)$/,
          name,
        );
      }
      assert.equal(there.total(), 0);
    });
  });

  describe(`${transport}: names that lead elsewhere the second time`, () => {
    const closing: (() => unknown)[] = [];
    let watched: Watched;
    before(() => {
      watched = watchConnections();
    });
    after(async () => {
      watched.stop();
      for (const close of closing) await close();
    });
    /** Answers are taken in turn, the last for good. */
    const rebinding = (...answers: readonly (readonly string[])[]) => {
      const state = { lookups: 0 };
      const resolve: Resolve = (_, __, done) => done(null, found(answers[Math.min(state.lookups++, answers.length - 1)] ?? []));
      const made = create({ connections: 2, guard: createGuard(['127.0.0.1', '127.0.0.3'], { resolve }), maxResponse: 1000 });
      closing.push(() => made.close());
      return { ...state, state, send: made.send };
    };
    const answering = async (...heads: Record<string, string>[]) => {
      const made = await rawServer((socket, _, count) => {
        const head = heads[Math.min(count, heads.length) - 1] ?? {};
        const text = http(head.status ?? '200 OK', { 'content-length': 0, ...head });
        if (head.connection === 'close') socket.end(text);
        else socket.write(text);
      });
      closing.push(() => made.close());
      return made;
    };
    const ask = (port: number): OutboundRequest => ({
      method: 'POST',
      url: `http://api.example:${port}/`,
      headers: { authorization: 'Bearer token' },
      body: Buffer.from('{}'),
    });

    it('one lookup for a connection, however many requests it carries', async () => {
      const own = await answering({});
      const { send, state } = rebinding(['127.0.0.1'], ['127.0.0.2']);
      for (let n = 0; n < 5; n++) assert.equal((await send(ask(own.port), { timeout: 2000 })).kind, 'answer');
      assert.deepEqual([state.lookups, own.seen.connections, own.seen.requests], [1, 1, 5]);
    });

    it('one lookup for each connection, checked each time', async () => {
      const own = await answering({ connection: 'close' });
      const { send, state } = rebinding(['127.0.0.1'], ['127.0.0.1'], ['127.0.0.2'], ['169.254.169.254'], ['127.0.0.1']);
      const kinds: string[] = [];
      for (let n = 0; n < 5; n++) {
        const reply = await send(ask(own.port), { timeout: 2000 });
        kinds.push(reply.kind === 'answer' ? 'answer' : reply.code);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.deepEqual(kinds, ['answer', 'answer', 'ADDRESS_REFUSED', 'ADDRESS_REFUSED', 'answer']);
      assert.deepEqual([state.lookups, own.seen.connections], [5, 3]);
    });

    it('a row that is tried again is not sent elsewhere', async () => {
      const own = await answering({ status: '503 Later', 'retry-after': '0', connection: 'close' });
      const { send, state } = rebinding(['127.0.0.1'], ['127.0.0.2']);
      const bound = destinationOf('put: /rows\njson: "{{ record }}"', {
        url: `http://api.example:${own.port}`,
        connection: 'retry: { attempts: 4, backoff: 1ms..2ms }',
      });
      const { reasons, took } = await call(bound, {
        rows: [{ id: 1 }],
        clock: realClock,
        send: (request, _, options) => send(request, options),
      });
      assert.match(reasons['1'] ?? '', /api\.example resolves to the loopback address 127\.0\.0\.2/, `${took} ms`);
      assert.deepEqual([state.lookups, own.seen.requests], [2, 1]);
    });

    it('of several addresses all are checked, wherever the bad one stands, and whichever would be tried first', async () => {
      const own = await answering({ connection: 'close' });
      for (const bad of [
        '127.0.0.2',
        '::1',
        '::ffff:127.0.0.2',
        '10.0.0.1',
        '169.254.169.254',
        'fd00:ec2::254',
        '64:ff9b::808:808',
      ]) {
        for (const answers of [
          [bad],
          [bad, '127.0.0.1'],
          ['127.0.0.1', bad],
          ['127.0.0.3', bad],
          ['127.0.0.1', '127.0.0.3', bad, '127.0.0.1'],
        ]) {
          const reply = await rebinding(answers).send(ask(own.port), { timeout: 2000 });
          assert.equal(reply.kind === 'unreachable' && reply.code, 'ADDRESS_REFUSED', answers.join());
        }
      }
      assert.equal(own.seen.connections, 0);
    });

    it('the next of several good addresses is tried without another lookup', async () => {
      const own = await answering({ connection: 'close' });
      // Nobody listens at the first.
      const { send, state } = rebinding(['127.0.0.3', '127.0.0.1'], ['127.0.0.2']);
      assert.equal((await send(ask(own.port), { timeout: 5000 })).kind, 'answer');
      assert.deepEqual([state.lookups, own.seen.connections], [1, 1]);
    });

    it('what a resolver gives that is no address is not connected to', async () => {
      const own = await answering({});
      for (const answer of ['localhost', '127.1', '0x7f.1', '2130706433', '', '127.0.0.1 ', '[::1]']) {
        const reply = await rebinding([answer]).send(ask(own.port), { timeout: 2000 });
        assert.equal(reply.kind === 'unreachable' && reply.phase !== 'after', true, JSON.stringify(answer));
      }
      assert.equal(own.seen.connections, 0);
    });

    it('nothing of all this was tried anywhere else', () => {
      assert.deepEqual(
        watched.tried.filter((to) => !/^127\.0\.0\.[13]:/.test(to)),
        [],
      );
      assert.ok(watched.tried.length > 5);
    });

    it('names of metadata services', async () => {
      for (const [name, address] of [
        ['metadata.google.internal', '169.254.169.254'],
        ['metadata', '169.254.169.254'],
        ['instance-data.ec2.internal', 'fd00:ec2::254'],
        ['wireserver.azure.example', '168.63.129.16'],
        ['metadata.alibaba.example', '100.100.100.200'],
        ['metadata.oracle.example', '192.0.0.192'],
      ] as const) {
        const { send, close } = create({
          connections: 1,
          guard: createGuard([], { resolve: always(address) }),
          maxResponse: 1000,
        });
        const reply = await send({ ...ask(80), url: `http://${name}/computeMetadata/v1/` }, { timeout: 2000 });
        assert.equal(reply.kind === 'unreachable' && reply.code, 'ADDRESS_REFUSED', name);
        close();
      }
    });
  });
}
