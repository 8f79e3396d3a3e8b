/** What the operator supplies: where it is taken from, how it is read, and that a secret is never shown. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bindDestination, isFaults } from '../../src/destination/bind.ts';
import { bindGiven, variableOf } from '../../src/destination/settings.ts';
import { stringifyJson } from '../../src/numbers.ts';
import { compiled, manifest, messages, supply } from './making.ts';

/** The value of the one setting `key`, as JSON, or what is wrong with it. */
function settled(declaration: string, env: Record<string, string> = {}, files: Record<string, string> = {}): string {
  const result = bindDestination(compiled(manifest(`settings: { key: ${declaration} }`)), supply(env, files));
  return isFaults(result) ? messages(result).join(' | ') : stringifyJson(result.settings.values.key);
}

const KEY = 'EXAMPLE_KEY';

describe('a setting comes from', () => {
  const table: [
    name: string,
    declaration: string,
    env: Record<string, string>,
    files: Record<string, string>,
    expected: string,
  ][] = [
    ['the variable of its name', '{}', { [KEY]: 'a' }, {}, '"a"'],
    ['the variable that it names', '{ env: OTHER }', { OTHER: 'a', [KEY]: 'b' }, {}, '"a"'],
    ['no other variable', '{ env: OTHER, default: c }', { [KEY]: 'b' }, {}, '"c"'],
    ['the file that a variable names', '{}', { EXAMPLE_KEY_FILE: '/key' }, { '/key': 'a\n' }, '"a"'],
    ['the file that it names', '{ file: /key }', {}, { '/key': 'a\r\n' }, '"a"'],
    ['the variable before the file', '{ file: /key }', { [KEY]: 'a' }, { '/key': 'b' }, '"a"'],
    [
      'the file of a variable before its own',
      '{ file: /own }',
      { EXAMPLE_KEY_FILE: '/key' },
      { '/key': 'a', '/own': 'b' },
      '"a"',
    ],
    ['the file of a variable of its own name', '{ env: OTHER }', { OTHER_FILE: '/key' }, { '/key': 'a' }, '"a"'],
    ['its default', '{ default: c }', {}, {}, '"c"'],
    ['its default where the variable is empty', '{ default: c }', { [KEY]: '' }, {}, '"c"'],
    ['the file where the variable is empty', '{ file: /key }', { [KEY]: '' }, { '/key': 'a' }, '"a"'],
    ['a file whose inner line breaks are kept', '{ file: /key }', {}, { '/key': 'a\nb\n\n' }, '"a\\nb\\n"'],
    [
      'nowhere',
      '{}',
      {},
      {},
      `settings.missing: settings.key is missing. Set the environment variable ${KEY}, or ${KEY}_FILE to the path of a file that holds it.`,
    ],
    [
      'nowhere, told with its description',
      '{ description: From the console }',
      {},
      {},
      `settings.missing: settings.key is missing (From the console). Set the environment variable ${KEY}, or ${KEY}_FILE to the path of a file that holds it.`,
    ],
    [
      'a file that is not there',
      '{}',
      { EXAMPLE_KEY_FILE: '/none' },
      {},
      'settings.file: settings.key: the file /none cannot be read. Check that it exists and that Rowpost may read it.',
    ],
    [
      'a file that is not there, although there is a default',
      '{ default: c }',
      { EXAMPLE_KEY_FILE: '/none' },
      {},
      'settings.file: settings.key: the file /none cannot be read. Check that it exists and that Rowpost may read it.',
    ],
    [
      'an empty file',
      '{}',
      { EXAMPLE_KEY_FILE: '/key' },
      { '/key': '\n' },
      'settings.file: settings.key: the file /key is empty.',
    ],
  ];
  for (const [name, declaration, env, files, expected] of table)
    it(name, () => assert.equal(settled(declaration, env, files), expected));
});

describe('a setting is read as', () => {
  const table: [declaration: string, written: string, expected: string][] = [
    ['{}', ' a ', '" a "'],
    ['{}', '007', '"007"'],
    ['{ type: number }', '12', '12'],
    ['{ type: number }', ' -1.5 ', '-1.5'],
    ['{ type: number }', '1e3', '1000'],
    ['{ type: number }', '12345678901234567890', '12345678901234567890'],
    ['{ type: number }', 'twelve', `settings.value: settings.key (${KEY}): "twelve" is not a number.`],
    ['{ type: number }', '0x10', `settings.value: settings.key (${KEY}): "0x10" is not a number.`],
    ['{ type: number }', '1,5', `settings.value: settings.key (${KEY}): "1,5" is not a number.`],
    ['{ type: boolean }', 'true', 'true'],
    ['{ type: boolean }', ' False ', 'false'],
    ['{ type: boolean }', 'yes', `settings.value: settings.key (${KEY}): "yes" is not true or false.`],
    ['{ type: boolean }', 'constructor', `settings.value: settings.key (${KEY}): "constructor" is not true or false.`],
    ['{ type: json }', '{"a":[1,12345678901234567890]}', '{"a":[1,12345678901234567890]}'],
    ['{ type: json }', 'null', 'null'],
    ['{ type: json }', '{a:1}', `settings.value: settings.key (${KEY}): "{a:1}" is not JSON.`],
    ['{ pattern: "[a-z]+[0-9]+" }', 'us21', '"us21"'],
    ['{ pattern: "[a-z]+[0-9]+" }', 'xus21x', `settings.value: settings.key (${KEY}): "xus21x" does not match [a-z]+[0-9]+.`],
    ['{ pattern: "a|b" }', 'ab', `settings.value: settings.key (${KEY}): "ab" does not match a|b.`],
    ['{ pattern: "[a-z]+" }', 'a\n', `settings.value: settings.key (${KEY}): "a\\n" does not match [a-z]+.`],
    ['{ type: number, pattern: "[0-9]{2}" }', '123', `settings.value: settings.key (${KEY}): "123" does not match [0-9]{2}.`],
    ['{ enum: [eu, us] }', 'eu', '"eu"'],
    ['{ enum: [eu, us] }', 'EU', `settings.value: settings.key (${KEY}): "EU" is not one of eu, us.`],
    ['{ type: number, enum: [1, 2] }', '2', '2'],
    ['{ type: number, enum: [1, 2] }', '3', `settings.value: settings.key (${KEY}): "3" is not one of 1, 2.`],
    ['{ type: number, enum: [1, 2] }', '1.0', '1'],
  ];
  for (const [declaration, written, expected] of table) {
    it(`${declaration} ${JSON.stringify(written)} → ${expected}`, () =>
      assert.equal(settled(declaration, { [KEY]: written }), expected));
  }
});

describe('a secret', () => {
  const SECRET = 's3cr3t-value';
  it('is never in a fault', () => {
    for (const declaration of [
      '{ secret: true, type: number }',
      '{ secret: true, pattern: "[0-9]+" }',
      '{ secret: true, enum: [a] }',
      '{ secret: true, type: json }',
      '{ secret: true, type: boolean }',
    ]) {
      const text = settled(declaration, { [KEY]: SECRET });
      assert.match(text, /^settings\.value: settings\.key \(EXAMPLE_KEY\): its value /);
      assert.ok(!text.includes(SECRET), text);
    }
  });
  it('is listed among the texts that must not be shown, as it is sent', () => {
    const secrets = (declaration: string, written: string) => {
      const result = bindDestination(
        compiled(manifest(`settings: { key: ${declaration}, open: { default: x } }`)),
        supply({ [KEY]: written }),
      );
      return isFaults(result) ? assert.fail() : result.settings.secrets;
    };
    assert.deepEqual(secrets('{ secret: true }', SECRET), [SECRET]);
    assert.deepEqual(secrets('{ secret: true, type: number }', '12345678901234567890'), ['12345678901234567890']);
    assert.deepEqual(secrets('{}', 'open'), []);
  });
});

describe('settings', () => {
  it('are all told at once where several are missing', () => {
    const result = bindDestination(
      compiled(manifest('settings: { a: {}, b: { type: number }, c: {} }')),
      supply({ EXAMPLE_B: 'x', EXAMPLE_C: 'c' }),
    );
    assert.ok(isFaults(result));
    assert.deepEqual(
      result.map(({ code }) => code),
      ['settings.missing', 'settings.value'],
    );
  });

  it('have no prototype', () => {
    const result = bindDestination(compiled(manifest('settings: { key: { default: x } }')), supply());
    assert.ok(!isFaults(result));
    assert.equal(Object.getPrototypeOf(result.settings.values), null);
  });

  it('can be given directly, and are checked as if the operator had', () => {
    const destination = compiled(
      manifest(
        'settings: { key: { file: /never/read }, limit: { type: number, default: 5 }, list: { type: json, default: [] } }',
      ),
    );
    const right = bindGiven(destination, { key: 'a', list: [1] });
    assert.ok(!isFaults(right));
    assert.equal(stringifyJson(right.values), '{"key":"a","limit":5,"list":[1]}');
    const wrong = bindGiven(destination, { limit: 'many' });
    assert.ok(isFaults(wrong));
    assert.deepEqual(
      wrong.map(({ code }) => code),
      ['settings.missing', 'settings.value'],
    );
  });

  it('are in variables of upper snake case', () => {
    for (const [id, name, expected] of [
      ['mailchimp', 'api_key', 'MAILCHIMP_API_KEY'],
      ['my-crm', 'apiKey', 'MY_CRM_APIKEY'],
      ['a_b', 'c', 'A_B_C'],
    ] as const)
      assert.equal(variableOf(id, name), expected);
  });
});
