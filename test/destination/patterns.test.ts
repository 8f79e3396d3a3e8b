/**
 * Patterns, formats and schemas made to do harm: refused at load, or soon over with. Each evil pattern is proved evil first:
 * Node's own engine does not come to an end with it.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bindDestination, isFaults } from '../../src/destination/bind.ts';
import { compileDestination } from '../../src/destination/compile.ts';
import { validateConfiguration } from '../../src/destination/validation.ts';
import { readManifest } from '../../src/manifest/read.ts';
import { within } from '../../src/schema/within.ts';
import { bound, compiled, manifest, messages, supply } from './making.ts';

/** `PATTERNS=1 node test/run.js test/destination/patterns.test.ts` is the long form: true figures, on a quiet machine. */
const LONG = process.env.PATTERNS === '1';
/** Characters of an attack. */
const LENGTH = 100_000;
/** Milliseconds that one check may take; in the short form the machine may be busy with other tests. */
const SOON = LONG ? 50 : 1000;
/** Milliseconds that Node's own engine is given. */
const GIVEN = LONG ? 2000 : 60;

const attack =
  (pump: string, end: string, begin = '') =>
  (length: number) =>
    begin + pump.repeat(Math.floor((length - begin.length - end.length) / pump.length)) + end;

/** Evil for a backtracking engine, each with the texts over which it takes too long. */
const EVIL: readonly [kind: string, pattern: string, text: (length: number) => string][] = [
  ['nested quantifiers', '^(a+)+$', attack('a', '!')],
  ['nested quantifiers', '^(a*)*$', attack('a', '!')],
  ['nested quantifiers', '^([a-zA-Z]+)*$', attack('a', '1')],
  ['nested quantifiers', '^(?:(?:a+)+)+$', attack('a', '!')],
  ['nested quantifiers', '^((a+)b?)+$', attack('a', '!')],
  ['nested quantifiers', '^(\\w+\\s?)*$', attack('a', '!')],
  ['nested quantifiers', '^(\\d+,?)+$', attack('1', '!')],
  ['nested quantifiers', '^(([+-]?\\d+)*)*$', attack('1', '!')],
  ['nested quantifiers', '^(?:\\S+\\s*)+!$', attack('a', '')],
  ['nested quantifiers', '^(?:[a-z]+\\.?)+@$', attack('a', '')],
  ['nested quantifiers', '^(([a-z])+.)+[A-Z]([a-z])+$', attack('a', '')],
  ['nested quantifiers', '^((?:a{2,})+)$', attack('a', '!')],
  ['nested quantifiers', '^(([^"\\\\]|\\\\.)*)*"$', attack('a', '')],
  [
    'an address of mail as it is often copied',
    '^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$',
    attack('a', '!'),
  ],
  ['hidden in a named group', '^(?<word>a+)+$', attack('a', '!')],
  ['hidden in groups', '^(?:((?:(a)+)))+$', attack('a', '!')],
  ['overlapping alternatives', '^(a|a)*$', attack('a', '!')],
  ['overlapping alternatives', '^(a|aa)+$', attack('a', '!')],
  ['overlapping alternatives', '^(a|a?)+$', attack('a', '!')],
  ['overlapping alternatives', '^([a-z]+|[a-z0-9]+)*!$', attack('a', '')],
  ['overlapping alternatives', '^(ab|a|b)+$', attack('ab', '!')],
  ['overlapping alternatives', '^(?:ab|aba|ba)*c$', attack('babababaa', 'b', 'a')],
  ['overlapping classes', '^(?:\\w|\\d)+$', attack('1', '!')],
  ['overlapping classes', '^(?:[\\s\\S]|\\n)*x$', attack('\n', '')],
  ['overlapping classes', '^(?:.|[a-z])*x$', attack('a', '')],
  ['optional pieces', '^(a?b?c?)*d$', attack('abc', '')],
  ['optional pieces', '^(?:-?[a-z]*)*$', attack('a', '!')],
  ['optional pieces', '^([0-9]+(?:\\.[0-9]+)?)*$', attack('1', '!')],
  ['optional pieces', '^(?:[^,]*,?)*;$', attack('a', '')],
  ['twins', '^(x+x+)+y$', attack('x', '')],
  ['Unicode', '^(\\p{L}+)+$', attack('é', '!')],
  ['Unicode', '^(?:\\p{L}|\\p{Lu})+$', attack('É', '!')],
  ['Unicode', '^(?:\\u{1F600}|\\p{Emoji}+)+$', attack('😀', '!')],
  ['counts', '^(a+){2,}$', attack('a', '!')],
  ['counts', '^(.*a){20}$', attack('a', '!')],
  ['counts', '^(?:a?){30}a{30}b$', attack('a', '!')],
  ['counts', '^(?:a.*){5}b$', attack('a', '')],
  ['counts of counts', '^(a{1,50}){1,50}$', attack('a', '!')],
  ['counts of counts', '^(?:a{0,100}){0,100}$', attack('a', '!')],
  ['quadratic', '^\\s+|\\s+$', attack(' ', 'x', 'x')],
  ['quadratic', '\\s*,\\s*$', attack(' ', 'x')],
  ['quadratic', '[a-z]+@', attack('a', '')],
  ['quadratic', '<[^>]*>.*<', attack('<', '')],
  ['quadratic', '^\\d*\\d*x$', attack('1', '')],
  ['quadratic', '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$', attack('.a', '@', 'a@')],
  ['quadratic', '\\d+\\.\\d+$', attack('1', '')],
  ['cubic', '.*.*=.*', attack('a', '')],
  ['cubic', '^.*.*=.*$', attack('=', '\n')],
  ['cubic', '(.*)(.*)x', attack('a', '')],
  ['of a higher degree', '^.*a.*b.*c.*d$', attack('abc', '')],
  ['a look ahead', '^(?=(a+)+$).*b', attack('a', 'b')],
  ['a look ahead', '^(?!(a+)+$)b', attack('a', 'b')],
  ['a look ahead', '^(?:(?=a)a+)+$', attack('a', '!')],
  ['a look behind', '(?<=^(a+)+)c', attack('a', 'c', 'b')],
  ['a look behind', '(?<!^(a+)+)c', attack('a', 'c', 'b')],
  ['a reference back', '^(a+)\\1+$', attack('a', '!')],
  ['a reference back', '^(\\w+)\\s\\1\\s(\\w+)+$', attack('a', '!', '0 0 ')],
  ['a reference back', '^(?<x>.+)\\k<x>$', attack('a', '\n')],
];

/** One try that is soon is enough: what else the machine does is no fault of the pattern. */
async function soon(what: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 3 && best > SOON; tries++) {
    const begin = performance.now();
    await what();
    best = Math.min(best, performance.now() - begin);
  }
  assert.ok(best <= SOON, `it took ${best.toFixed(0)} ms`);
  return best;
}

function faultsOf(text: string): string[] {
  const file = readManifest('a', 'a.yaml', text);
  const result = isFaults(file) ? file : compileDestination(file);
  return isFaults(result) ? result.map(({ code, where, message }) => `${where} ${code}: ${message}`) : [];
}

/** The schema of the options comes from the API, and with it the pattern. */
const FROM_API = bound(
  manifest('lookups: { form: { get: /form } }\noptions: { schema: { type: object, properties: "{{ lookups.form }}" } }'),
);

function judge(properties: object, configuration: object): Promise<string[]> {
  return validateConfiguration(FROM_API, configuration, { now: 0, ask: async () => ({ form: properties }) });
}

describe('an evil pattern', () => {
  const slowest = { load: 0, run: 0, setting: 0 };
  let refused = 0;
  for (const [kind, pattern, text] of EVIL) {
    it(`${kind}: ${pattern}`, async () => {
      const native = new RegExp(pattern, 'u');
      const long = text(LENGTH);
      assert.equal(
        within(GIVEN, () => native.test(long)),
        undefined,
        'it is not evil',
      );
      const inSetting = manifest(`settings: { key: { pattern: ${JSON.stringify(pattern)} } }`);
      const inOptions = manifest(
        `options:\n  schema: { type: object, properties: { a: { anyOf: [{ pattern: ${JSON.stringify(pattern)} }] } } }`,
      );
      const faults = faultsOf(inSetting);
      slowest.load = Math.max(slowest.load, await soon(() => faultsOf(inSetting)), await soon(() => faultsOf(inOptions)));
      // What is refused is refused wherever it stands.
      assert.equal(faults.length, faultsOf(inOptions).length);
      const errorOf = async (value: string): Promise<string> => {
        let errors: string[] = [];
        const judged = async () => {
          errors = await judge({ a: { type: 'string', pattern } }, { a: value });
        };
        slowest.run = Math.max(slowest.run, await soon(judged));
        assert.equal(errors.length, 1);
        return errors[0] ?? '';
      };
      if (faults.length > 0) {
        refused++;
        assert.match(faults[0] ?? '', /^a\.yaml:5:\d+ manifest\.pattern: "[^"]+" (?:looks|refers|repeats|counts) .*\.$/);
        assert.match(
          await errorOf(long),
          /^The options of this destination are no JSON Schema: ".*\. Its manifest must be mended\.$/,
        );
        return;
      }
      assert.equal(await errorOf(text(LENGTH / 10)), `The option "a" must match pattern "${pattern}".`);
      assert.match(await errorOf(long), /" is not tried on a text of more than \d{5} characters\.$| must match pattern "/);
      const destination = compiled(inSetting);
      slowest.setting = Math.max(
        slowest.setting,
        await soon(() => {
          const settings = bindDestination(destination, supply({ EXAMPLE_KEY: long }));
          assert.match(isFaults(settings) ? messages(settings).join('') : '', /does not match|is not tried on/);
        }),
      );
    });
  }

  it('is one of forty at least, and is refused or slow nowhere', (t) => {
    assert.ok(EVIL.length >= 40 && refused > 5 && refused < EVIL.length / 2);
    const figures = Object.entries(slowest).map(([where, ms]) => `${where} ${ms.toFixed(1)} ms`);
    t.diagnostic(`${EVIL.length} patterns over ${LENGTH} characters, ${refused} refused at load; slowest: ${figures.join(', ')}`);
  });
});
