/** Texts made to do harm to whoever reads YAML. */

/** `expected` is the line of its first fault; most are read, and then found to be made of unknown words. */
export type HostileText = readonly [name: string, text: () => string, expected: RegExp];

/** Whether each is as long as a file may be; else some take half a second, and all of them half a minute. */
export const LONG = process.env.HOSTILE === '1';
const SIZE = LONG ? 256 * 1024 - 100 : 20_000;

const filled = (unit: string, begin = '', end = ''): string =>
  begin + unit.repeat(Math.floor((SIZE - Buffer.byteLength(begin + end)) / Buffer.byteLength(unit))) + end;

const numbered = (count: number, entry: (index: number) => string, joint = '\n'): string =>
  Array.from({ length: count }, (_, index) => entry(index)).join(joint);

/** Lines or entries that differ, as many as fit. */
function counted(entry: (index: number) => string, joint = '\n', begin = '', end = ''): string {
  const entries: string[] = [];
  let size = begin.length + end.length;
  for (let index = 0; ; index++) {
    const one = entry(index);
    size += one.length + joint.length;
    if (size > SIZE) return begin + entries.join(joint) + end;
    entries.push(one);
  }
}

const nested = (open: string, levels: number, close = ''): string => open.repeat(levels) + close.repeat(levels);
const staircase = (levels: number): string => Array.from({ length: levels }, (_, level) => `${' '.repeat(level)}a:`).join('\n');
const laughs = (first: string, line: (name: string, before: string) => string): string =>
  [
    `a0: &a0 ${first}`,
    ...Array.from({ length: 30 }, (_, index) => `a${index + 1}: &a${index + 1} ${line(`a${index + 1}`, `a${index}`)}`),
  ].join('\n');

const UNKNOWN = /is not a word of a manifest|needs "/;
const NESTED = /^a\.yaml:\d+:\d+ {2}Nested (?:too deeply|deeper than 50 levels)\. .* check brackets and indentation\.$/;
const ALIASES = /Aliases stand for more than 2000 values\. Use fewer of them\.$/;
const TAG = /is a tag, and tags are not read here\. Leave it out, or quote a text that begins with "!"\.$/;
const TWICE = /stands twice in this map, first in line \d+\. Keep one of them\.$/;
const ENCODING = /A control character, or bytes that are no UTF-8\. Save the file as UTF-8 text with line ends LF or CRLF\.$/;
const EMPTY = /This file (?:is empty|holds no map)\. A manifest begins with "version: 1"\.$/;
const LARGE = /This file is larger than 256 KiB\./;
const SYNTAX = /Not YAML: .*[.…]$/;
const KEY = /A key must be plain text\.$|bare braces are a map/;

const HEAD = 'version: 1\nname: A\nconnection: { url: https://a.example }\n';

/** A text follows. */
const REQUEST = 'sync: { add: a }\nrequests:\n  a:\n    post: /a\n    text: ';

export const HOSTILE: readonly HostileText[] = [
  [
    'aliases: a billion laughs',
    () => laughs('[x, x, x, x, x, x, x, x, x, x]', (_, before) => `[${`*${before}, `.repeat(10)}]`),
    ALIASES,
  ],
  [
    'aliases: a billion laughs of maps',
    () => laughs('{ x: 1 }', (_, before) => `{ ${Array.from('abcdefghij', (key) => `${key}: *${before}`).join(', ')} }`),
    ALIASES,
  ],
  ['aliases: two at each of 30 levels', () => laughs('x', (_, before) => `[*${before}, *${before}]`), ALIASES],
  ['aliases: a wide list of them', () => filled('*a,', 'a: &a [1]\nb: [', ']'), ALIASES],
  ['aliases: for 2000 values', () => `a: &a 1\nb: [${'*a,'.repeat(2000)}]`, UNKNOWN],
  ['aliases: for 2001 values', () => `a: &a 1\nb: [${'*a,'.repeat(2001)}]`, ALIASES],
  ['aliases: for 2001 values of maps in maps', () => `a: &a { b: { c: 1 } }\nb: [${'*a,'.repeat(667)}]`, ALIASES],
  ['aliases: each of one of 12,000 anchors', () => `[${numbered(12_000, (index) => `&k${index} 1,*k${index}`, ',')}]`, ALIASES],
  ['aliases: of a wide list', () => filled('*a,', `a: &a [${'1,'.repeat(SIZE / 4)}]\nb: [`, ']'), ALIASES],
  ['aliases: of a long text', () => filled('*a,', `a: &a ${'x'.repeat(SIZE / 2)}\nb: [`, ']'), ALIASES],
  ['aliases: each of an anchor of its own', () => `[${numbered(2500, (index) => `&k${index} 1,*k${index}`, ',')}]`, ALIASES],
  ['aliases: anchors on keys', () => numbered(2500, (index) => `&k${index} k${index}: *k${index}`), ALIASES],
  ['aliases: a list in itself', () => 'a: &a [*a, *a, *a]', /\*a stands inside &a: that would never end\.$/],
  ['aliases: a map deep in itself', () => 'a: &a { b: { c: *a } }', /\*a stands inside &a/],
  ['aliases: two lists in each other', () => '- &a [*b]\n- &b [*a]', /\*b is not defined above/],
  ['aliases: as keys', () => 'a: &a x\n*a : 1', KEY],
  ['aliases: a map in itself, and a key', () => 'a: &a { b: { *a : *a } }', KEY],
  ['aliases: of nothing', () => filled('- *b\n'), /\*b is not defined above\. Name an anchor with &b first/],
  ['aliases: with a long name', () => filled('x', 'a: *'), /\*x+… is not defined above\./],
  ['aliases: one anchor again and again', () => filled('- &a 1\n'), EMPTY],
  ['keys: in one map', () => counted((index) => `${index.toString(36)}a: 1`), UNKNOWN],
  ['keys: in one map, in braces', () => counted((index) => `k${index.toString(36)}: 1`, ',', '{', '}'), UNKNOWN],
  ['keys: 30,000', () => numbered(30_000, (index) => `k${index}:`), UNKNOWN],
  ['keys: a hundred thousand', () => numbered(100_000, (index) => `k${index}:`), LARGE],
  ['keys: one, a hundred thousand times', () => 'a:\n'.repeat(100_000), LARGE],
  ['keys: in maps inside maps', () => counted((index) => `${' '.repeat(index % 40)}k${index}:`), UNKNOWN],
  ['keys: one, again and again', () => filled('a: 1\n'), TWICE],
  ['keys: one, again and again, in braces', () => filled('a,', '{', '}'), TWICE],
  ['keys: long', () => filled('k', '', ': 1'), SYNTAX],
  ['keys: long, in quotes', () => filled('k', '"', '": 1'), SYNTAX],
  ['keys: long, behind a question mark', () => filled('k', '? ', '\n: 1'), UNKNOWN],
  ['keys: long, twice', () => `? ${'k'.repeat(10_000)}\n: 1\n`.repeat(2), TWICE],
  ['keys: maps', () => counted((index) => `? { a: ${index} }\n: 1`), KEY],
  ['keys: lists', () => filled('[]: 1\n'), KEY],
  ['keys: none', () => filled('? \n: \n'), TWICE],
  ['keys: texts of blocks', () => counted((index) => `? |\n  k${index}\n: 1`), UNKNOWN],
  ['keys: numbers and words alike', () => '1: a\n"1": b', TWICE],
  ['keys: words of JavaScript', () => '__proto__: { a: 1 }\nconstructor: { prototype: 1 }', UNKNOWN],
  ['deep: 10 brackets', () => `a: ${nested('[', 10, ']')}`, UNKNOWN],
  ['deep: 50 levels', () => `a: ${nested('[', 50, ']')}`, UNKNOWN],
  ['deep: 51 levels', () => `a: ${nested('[', 51, ']')}`, NESTED],
  ...[60, 600, 1000, 10_000, ...(LONG ? [300, 800, 900, 1200, 1500, 2000, 5000, 100_000] : [])].flatMap(
    (levels): HostileText[] => [
      [`deep: ${levels} brackets`, () => nested('[', levels, ']'), NESTED],
      [`deep: ${levels} brackets that are not closed`, () => nested('[', levels), levels < 100 ? /is missing/ : NESTED],
      [`deep: ${levels} dashes`, () => `${nested('- ', levels)}a`, NESTED],
      [`deep: ${levels} question marks`, () => `${nested('? ', levels)}a`, /Nested|bare braces/],
    ],
  ),
  // Where the library ran out of stack, V8 ended the process now and then: these did it, one after the other.
  ...['[', '{', '- ', '? ', '{a: ', '[{', '? - ', '{{', '[[', '- - '].flatMap((unit) =>
    [800, 1000, 1500, 3000].map((levels): HostileText => [`deep: ${levels} of ${unit}`, () => unit.repeat(levels), NESTED]),
  ),
  ['deep: very many maps', () => filled('{a: '), NESTED],
  ['deep: 600 maps', () => nested('{a: ', 600, '}'), NESTED],
  ['deep: maps and lists', () => filled('[{'), NESTED],
  ['deep: 49 indentations', () => staircase(49), UNKNOWN],
  // As many levels as can be without being counted: two or three for each that is.
  ['deep: 118 dashes and keys', () => numbered(118, (level) => `${'  '.repeat(level)}- k:`), NESTED],
  ['deep: 60 indentations', () => staircase(60), NESTED],
  ['deep: 700 indentations', () => staircase(700), NESTED],
  ['deep: keys in keys', () => nested('{', 1000, ': b}'), /Nested|bare braces/],
  ['deep: questions and dashes', () => filled('? - '), NESTED],
  ...[
    '!!js/function "() => 1"',
    '!!js/regexp /a/',
    '!!js/symbol ""',
    '!!python/object/apply:os.system ["x"]',
    '!!python/name:os.system x',
    '!!ruby/object:A {}',
    '!!java.util.Date x',
    '!!binary aGk=',
    '!!set { a, b }',
    '!!omap [a: 1]',
    '!!pairs [a: 1, a: 2]',
    '!!timestamp 2026-01-31',
    '!!str 1',
    '!!int "1"',
    '!!float x',
    '!!null x',
    '!!bool maybe',
    '!!map [1]',
    '!!seq {}',
    '!<tag:yaml.org,2002:js/function> x',
    '!<!a> x',
    '!a!b x',
    '! x',
    '!! x',
    '!a%20b x',
    `!${'x'.repeat(100_000)} y`,
  ].map((tagged): HostileText => [`tag: ${tagged.slice(0, 30)}`, () => `a: ${tagged}`, tagged === '!<' ? SYNTAX : TAG]),
  ['tag: in angles that are not closed', () => 'a: !<x', TAG],
  ['tag: of a directive', () => '%TAG !e! tag:example.com,2000:\n---\na: !e!f x', TAG],
  ['tag: very many', () => filled('!x 1,', 'a: [', ']'), TAG],
  ['tag: with anchors', () => filled('&x !y ', 'a: ', 'z'), SYNTAX],
  ['tag: of a merge key', () => '!!merge <<: { a: 1 }', /is a tag|Merge keys|needs "/],
  ['directives: very many', () => filled('%TAG !e! tag:x,2000:\n', '', '---\na: 1'), UNKNOWN],
  ['directives: versions', () => filled('%YAML 1.1\n', '', '---\na: no'), UNKNOWN],
  ['directives: a version to come', () => '%YAML 9.9\n---\na: 1', SYNTAX],
  ['directives: unknown', () => filled('%FOO bar\n', '', '---\na: 1'), SYNTAX],
  ['scalar: plain', () => filled('x', 'a: '), UNKNOWN],
  ['scalar: in quotes', () => filled('x', 'a: "', '"'), UNKNOWN],
  ['scalar: escapes', () => filled('\\x41\\u0041', 'a: "', '"'), UNKNOWN],
  ['scalar: escapes that are none', () => filled('\\q', 'a: "', '"'), SYNTAX],
  ['scalar: quotes in quotes', () => filled("''", "a: '", "'"), UNKNOWN],
  ['scalar: over lines', () => filled('  y\n', 'a: x\n'), UNKNOWN],
  ['scalar: in quotes, over lines', () => filled('\n\n y', "a: 'x", "'"), UNKNOWN],
  ['scalar: digits', () => filled('9', 'version: '), UNKNOWN],
  ['scalar: hexadecimal', () => filled('f', 'version: 0x'), UNKNOWN],
  ['scalar: octal', () => filled('7', 'version: 0o'), UNKNOWN],
  ['scalar: an exponent', () => filled('9', 'version: 1e'), UNKNOWN],
  ['scalar: a fraction', () => filled('0', 'version: 1.', '1'), UNKNOWN],
  ['scalar: signs', () => filled('-', 'version: '), UNKNOWN],
  ['scalar: dots', () => filled('.', 'version: '), UNKNOWN],
  ['scalar: infinity', () => 'version: -.inf', /-\.inf is no number that JSON can hold/],
  ['scalar: no number', () => 'version: .nan', /\.nan is no number that JSON can hold/],
  ['scalar: two escapes that are none in one line', () => 'a: "\\d\\d"', /Invalid escape/],
  ['scalar: marks above one letter', () => filled('\u0301', 'a: a'), UNKNOWN],
  ['scalar: half a character', () => 'a: \ud800', UNKNOWN],
  ['merge keys', () => 'a: &a { x: 1 }\nb: { <<: *a }', /Merge keys \(<<\) are no part of YAML 1\.2/],
  ['merge keys: of a list of maps', () => filled('*a,', 'a: &a { x: 1 }\nb:\n  <<: [', ']'), /Merge keys/],
  ['merge keys: very many', () => filled('<<: {}\n'), /Merge keys/],
  ['documents: none', () => filled('---\n'), /second document/],
  ['documents: very many', () => filled('--- a\n'), /second document/],
  ['documents: ends', () => filled('...\n'), /second document/],
  ['documents: with directives', () => filled('%YAML 1.2\n---\na: 1\n...\n'), /second document/],
  ['encoding: a byte order mark', () => '\uFEFFversion: 1', UNKNOWN],
  ['encoding: byte order marks', () => filled('\uFEFF'), EMPTY],
  ['encoding: a byte order mark inside', () => 'version: 1\n\uFEFFname: A', UNKNOWN],
  ['encoding: UTF-16', () => Buffer.from('\uFEFFversion: 1', 'utf16le').toString('utf8'), ENCODING],
  ['encoding: UTF-16, the other way round', () => Buffer.from('\uFEFFversion: 1', 'utf16le').swap16().toString('utf8'), ENCODING],
  ['encoding: a picture', () => Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').toString('utf8'), ENCODING],
  ['encoding: UTF-32', () => 'v\0\0\0e\0\0\0', ENCODING],
  ['encoding: Latin-1', () => Buffer.from('name: caf\xe9', 'latin1').toString('utf8'), ENCODING],
  ['encoding: NUL', () => filled('\0'), ENCODING],
  ['encoding: an escape for the terminal', () => 'a: \u001b[2J', ENCODING],
  ['encoding: DEL', () => 'a: \u007f', ENCODING],
  ['encoding: line ends of an old Mac', () => filled('a: 1\r'), ENCODING],
  ['encoding: line ends CRLF', () => filled('\r\n'), EMPTY],
  ['encoding: other line ends', () => 'a: 1\u0085b: 2\u2028c: 3', SYNTAX],
  ['encoding: writing from right to left', () => 'a\u202e: \u2066', UNKNOWN],
  ['tabs: for indentation', () => 'a:\n\tb: 1', /Tabs are not allowed as indentation/],
  ['tabs: very many', () => filled('\t', '', 'a: 1'), SYNTAX],
  ['tabs: in each line', () => filled('\tb: 1\n', 'a:\n'), SYNTAX],
  ['tabs: alone', () => filled('\t\n'), EMPTY],
  ['tabs: between words', () => '{\ta:\t1\t}', UNKNOWN],
  ['comments: one', () => filled('x', '#'), EMPTY],
  ['comments: in each line', () => counted((index) => `# c\nk${index}: 1 # d`), UNKNOWN],
  ['size: 256 KiB', () => `#${'x'.repeat(256 * 1024 - 1)}`, EMPTY],
  ['size: a byte more', () => `#${'x'.repeat(256 * 1024)}`, LARGE],
  ['size: a byte more, in fewer characters', () => `#${'é'.repeat(128 * 1024)}`, LARGE],
  ['size: fifty megabytes of lines', () => '# xxxxxxxx\n'.repeat(5_000_000), LARGE],
  ['blanks', () => filled(' '), EMPTY],
  ['blank lines', () => filled('\n'), EMPTY],
  ['blank lines, indented', () => filled('   \n', '', 'a: 1'), UNKNOWN],
  ...[
    '}\n',
    'a: ]\n',
    'a: @b\n',
    '- `\n',
    'a: %b\n',
    ': ',
    'a: b: ',
    '- : ',
    '? : ',
    '] ',
    '"\\',
    '{? : ',
    'a: |x\n',
    '&a &b c\n',
    '%a\n',
    'a: "b" c\n',
  ].map((unit): HostileText => [`mistakes: ${JSON.stringify(unit)} very many times`, () => filled(unit), /Not YAML|Nested|tag/]),
  ['mistakes: commas', () => filled(',', '[', ']'), SYNTAX],
  ['mistakes: templates without quotes', () => filled('{{ x }} ', 'a: '), /Not YAML: .* needs quotes here: "… \{\{ … \}\}"\.$/],
  ['mistakes: templates without quotes, in each line', () => filled('a: {{ x }}\n'), /A template needs quotes here/],
  ['mistakes: maps for keys in braces', () => filled('{a: 1}: 1,', '{', '}'), /A template needs quotes here/],
  ['quotes: never closed', () => filled('x\n ', 'a: "'), /a text in quotes is not closed; " is missing\.$/],
  ['quotes: never closed, in each line', () => filled("a: '\n"), SYNTAX],
  ['quotes: nothing else', () => filled('"'), /Not YAML|holds no map/],
  ['brackets: never closed', () => filled('1,\n ', 'a: ['), /\] is missing/],
  ['brackets: not indented', () => filled('1,\n', 'a: [\n'), /\] is missing/],
  ...['|9', '|0', '|99', '|+-', '|-+', '>|', '| x', `|${'9'.repeat(100_000)}`].map(
    (head): HostileText => [`blocks: a head ${head.slice(0, 10)}`, () => `a: ${head}\n x`, SYNTAX],
  ),
  ['blocks: very many', () => filled('- |\n x\n'), EMPTY],
  ['blocks: long', () => filled(' x\n', 'a: |\n'), UNKNOWN],
  ['blocks: folded', () => filled(' x\n\n  y\n', 'a: >\n'), UNKNOWN],
  ['blocks: of blanks', () => filled(' \n', 'a: >\n', ' x'), UNKNOWN],
  ['blocks: blanks before them', () => filled('      \n', 'a: |\n', ' x'), SYNTAX],
  ['words: unknown, with values', () => counted((index) => `w${index}: { a: [${index}] }`), UNKNOWN],
  ['words: very many objects', () => filled('  - { id: a }\n', 'version: 1\nname: A\nobjects:\n'), UNKNOWN],
  ['words: very many wrong fields', () => filled('  - { idd: a }\n', 'version: 1\nname: A\nfields:\n'), UNKNOWN],
  [
    'words: very many requests, and one that there is not',
    () => counted((index) => `  r${index}: { post: /a }`, '\n', `${HEAD}sync: { add: s }\nrequests:\n`),
    /There is no request "s"\. Use r0, .* or \d+ more\.$|expected a map of requests by their names, 1000 at most\.$/,
  ],
  [
    'words: very many settings, and one that there is not',
    () => counted((index) => `  s${index}: {}`, '\n', `${HEAD}${REQUEST}"{{ settings.t }}"\nsettings:\n`),
    /settings\.t is not declared\. There is s0, /,
  ],
  ['words: a long name in a template', () => filled('x', `${HEAD}${REQUEST}"{{ `, ' }}"'), /There is no name "x+…"\./],
  [
    'words: very many wrong names',
    () => counted((index) => `  ${index}s: {}`, '\n', 'version: 1\nname: A\nsettings:\n'),
    UNKNOWN,
  ],
];
