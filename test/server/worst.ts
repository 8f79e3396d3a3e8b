/** Bodies that cost the most for their size: each fills a number of bytes, or as much of it as the limits of JSON let through. */

/** Text of so many bytes. */
export type Filling = (bytes: number) => string;

/** As many pieces as fit, and not more than `most`. */
function pieces(bytes: number, most: number, piece: (index: number) => string): string {
  const made: string[] = [];
  for (let index = 0, left = bytes; index < most; index++) {
    const own = piece(index);
    left -= own.length + 1;
    if (left < 0) break;
    made.push(own);
  }
  return made.join(',');
}

/** `most` pieces made as long as it takes to fill the bytes: names and texts that no other piece has. */
function fill(bytes: number, most: number, piece: (name: string) => string): string {
  const spare = piece('').length + 1;
  const length = Math.max(4, Math.floor(bytes / most) - spare);
  return pieces(bytes, most, (index) => piece(index.toString(36).padStart(length, 'k')));
}

/** Below what `MAX_VALUES` takes of each kind. */
const SCALARS = 3_900_000;
const CONTAINERS = 1_300_000;
const NUMBERS = 970_000;

const list = (inner: string) => `[${inner}]`;
const map = (inner: string) => `{${inner}}`;

/** Any JSON, or nearly. */
export const TEXTS: Readonly<Record<string, Filling>> = {
  'opening brackets': (bytes) => '['.repeat(bytes),
  'opening braces': (bytes) => '{"":'.repeat(bytes / 4),
  quotes: (bytes) => '"'.repeat(bytes),
  'a text without end': (bytes) => `"${'\\'.repeat(bytes - 1)}`,
  'escaped quotes': (bytes) => `["${'\\"'.repeat(bytes / 2 - 2)}"]`,
  escapes: (bytes) => `["${'\\ud800'.repeat(bytes / 6 - 2)}"]`,
  'one long number': (bytes) => list('1'.repeat(bytes - 2)),
  'one number of zeros': (bytes) => list(`0.${'0'.repeat(bytes - 5)}1`),
  'minus signs': (bytes) => '-'.repeat(bytes),
  'white space': (bytes) => ' '.repeat(bytes),
  'empty maps without bound': (bytes) => list(pieces(bytes, bytes, () => '{}')),
  'zeros without bound': (bytes) => list(pieces(bytes, bytes, () => '0')),
  'empty maps': (bytes) => list(pieces(bytes, CONTAINERS, () => '{}')),
  'empty lists': (bytes) => list(pieces(bytes, CONTAINERS, () => '[]')),
  'nested lists': (bytes) => list(pieces(bytes, CONTAINERS / 40, () => '['.repeat(60) + ']'.repeat(60))),
  'nested maps': (bytes) => list(pieces(bytes, CONTAINERS / 20, () => `${'{"":'.repeat(20)}0${'}'.repeat(20)}`)),
  texts: (bytes) => list(fill(bytes, SCALARS, (name) => `"${name}"`)),
  keys: (bytes) => map(fill(bytes, SCALARS, (name) => `"${name}":0`)),
  'indices as keys': (bytes) => map(pieces(bytes, SCALARS, (index) => `"${(index * 2_654_435_761) >>> 0}":0`)),
  'maps of a key each': (bytes) => list(fill(bytes, CONTAINERS, (name) => `{"${name}":0}`)),
  'maps of keys': (bytes) =>
    list(fill(bytes, SCALARS / 22, (name) => map(pieces(1e9, 20, (index) => `"${name.slice(-8)}${index}":0`)))),
  'one key': (bytes) => map(pieces(bytes, SCALARS, () => '"a":0')),
  __proto__: (bytes) => map(pieces(bytes, CONTAINERS, () => '"__proto__":{}')),
  'numbers beyond doubles': (bytes) => list(pieces(bytes, NUMBERS, () => '1e999')),
  'long numbers': (bytes) => list(fill(bytes, NUMBERS, (name) => `1${'0'.repeat(name.length + 16)}1`)),
  'keys of long numbers': (bytes) => map(fill(bytes, NUMBERS, (name) => `"${name}":1e999`)),
  'numbers of sixteen digits': (bytes) => list(pieces(bytes, SCALARS, () => '1234567890123456')),
  exponents: (bytes) => list(pieces(bytes, SCALARS, () => '0e9')),
};

const MAPPED = '"object":"contact","mode":"upsert","source":"odd","identifierMapping":{"from":"id","to":"email"}';

function call(method: string, params: string, id = '1'): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${params}}}`;
}

function rows(configuration: string, own: string, method = 'add'): string {
  return call(method, `"idColumn":"id","configuration":{${configuration}},"rows":[${own}]`);
}

/** As many rows as one call may have. */
const ROWS = 250_000;

/** Calls, each with one part as large as it gets. */
export const CALLS: Readonly<Record<string, Filling>> = {
  'empty rows': (bytes) =>
    rows(
      MAPPED,
      pieces(bytes, CONTAINERS, () => '{}'),
    ),
  'more rows than are taken': (bytes) =>
    rows(
      MAPPED,
      pieces(bytes, CONTAINERS, () => '{"id":1}'),
    ),
  'rows of one id': (bytes) =>
    rows(
      MAPPED,
      pieces(bytes, ROWS, () => '{"id":1}'),
    ),
  rows: (bytes) =>
    rows(
      MAPPED,
      pieces(bytes, ROWS, (index) => `{"id":${index}}`),
    ),
  'rows that are sent': (bytes) =>
    rows(
      MAPPED,
      pieces(bytes, ROWS, (index) => `{"id":"${index}@a.b"}`),
    ),
  'rows to remove': (bytes) =>
    rows(
      MAPPED,
      pieces(bytes, ROWS, (index) => `{"id":".${index}@a.b"}`),
      'remove',
    ),
  'rows without a mode': (bytes) =>
    rows(
      '"object":"contact"',
      pieces(bytes, ROWS, (index) => `{"id":${index}}`),
    ),
  'an id': (bytes) => rows(MAPPED, `{"id":"${'x'.repeat(bytes)}"}`),
  'an id that is a map': (bytes) => rows(MAPPED, `{"id":{${fill(bytes, SCALARS, (name) => `"${name}":0`)}}}`),
  'the id of the call': (bytes) => call('add', '', '9'.repeat(bytes)),
  'the name of the column': (bytes) => call('add', `"idColumn":"${'x'.repeat(bytes)}","configuration":{},"rows":[{}]`),
  'a mode': (bytes) => call('list_fields', `"object":"contact","mode":"${'x'.repeat(bytes)}"`),
  'an object that is a map': (bytes) =>
    call('validate', `"configuration":{"object":{${fill(bytes, SCALARS, (name) => `"${name}":0`)}}}`),
  'mappings of one field': (bytes) =>
    rows(`${MAPPED},"mappings":[${pieces(bytes, ROWS, () => '{"from":"id","to":"plan"}')}]`, '{"id":1}'),
  'mappings of rows': (bytes) =>
    rows(
      `${MAPPED},"mappings":[${pieces(bytes / 2, ROWS, (index) => `{"from":"id","to":"${index}"}`)}]`,
      pieces(bytes / 2, ROWS, (index) => `{"id":"${index}@a.b"}`),
    ),
  'mappings without a form': (bytes) => rows(`${MAPPED},"mappings":[${pieces(bytes, CONTAINERS, () => '{}')}]`, '{"id":1}'),
  'mappings to validate': (bytes) =>
    call(
      'validate',
      `"configuration":{${MAPPED},"mappings":[${pieces(bytes, ROWS, (index) => `{"from":"a","to":"${index}"}`)}]}`,
    ),
  'mappings without a form to validate': (bytes) =>
    call('validate', `"configuration":{${MAPPED},"mappings":[${pieces(bytes, CONTAINERS, (index) => `{"${index}":1}`)}]}`),
  'a mapping of a value': (bytes) =>
    rows(
      `${MAPPED},"mappings":{"type":"static","value":"${'x'.repeat(bytes / 2)}","to":"plan"}`,
      pieces(bytes / 2, ROWS, (index) => `{"id":"${index}@a.b"}`),
    ),
  options: (bytes) => call('validate', `"configuration":{${MAPPED},${fill(bytes, SCALARS, (name) => `"${name}":0`)}}`),
  'an option': (bytes) =>
    call('validate', `"configuration":{${MAPPED},"default_plan":[${pieces(bytes, CONTAINERS, () => '{}')}]}`),
  'params by position': (bytes) => `{"jsonrpc":"2.0","id":1,"method":"behavior","params":[${pieces(bytes, SCALARS, () => '0')}]}`,
  'a hundred calls': (bytes) =>
    list(
      pieces(bytes * 2, 100, () =>
        rows(
          MAPPED,
          pieces(bytes / 100 - 300, ROWS, (index) => `{"id":${index}}`),
        ),
      ),
    ),
  'a hundred validations': (bytes) =>
    list(
      pieces(bytes * 2, 100, () =>
        call(
          'validate',
          `"configuration":{${MAPPED},"mappings":[${pieces(bytes / 100 - 300, ROWS, (index) => `{"from":"a","to":"${index}"}`)}]}`,
        ),
      ),
    ),
  'more calls than are taken': (bytes) => list(pieces(bytes, CONTAINERS, () => '{}')),
  'calls of no form': (bytes) => list(pieces(bytes * 2, 100, () => `{"a":"${'x'.repeat(bytes / 100 - 20)}"}`)),
};
