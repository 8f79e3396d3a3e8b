/** XML and CSV that is meant to take long or much memory, of a given size. */

export interface HostileText {
  readonly name: string;
  readonly format: 'XML' | 'CSV';
  /** @param size characters, about */
  make(size: number): string;
  /** What comes of it at 16 MiB: `read`, or why it is not. */
  readonly outcome: RegExp;
}

const READ = /^read$/;
const VALUES = /of more than \d+ values$/;
const NAMES = /different names$/;
const TAG = /tag of more than/;
const BROKEN = /^not (?:XML|CSV)/;
const LINE = /line of more than/;

const fill = (part: string, size: number): string => part.repeat(Math.floor(size / part.length));
const inRoot = (inner: string): string => `<r>${inner}</r>`;
const numbered = (size: number, part: (n: number) => string): string =>
  Array.from({ length: Math.floor(size / part(1_000_000).length) }, (_, n) => part(n)).join('');

type Entry = readonly [name: string, outcome: RegExp, make: (size: number) => string];

const OF_XML: readonly Entry[] = [
  [
    'honest results',
    READ,
    (size) => inRoot(fill('<result id="12345"><email>a@example.test</email><ok>true &amp; well</ok></result>', size)),
  ],
  ['empty elements', VALUES, (size) => inRoot(fill('<a/>', size))],
  ['small elements', READ, (size) => inRoot(fill('<a>1</a>', size))],
  ['elements in elements', VALUES, (size) => inRoot(fill('<a><b/></a>', size))],
  ['elements of other names', NAMES, (size) => inRoot(numbered(size, (n) => `<a${n}>1</a${n}>`))],
  ['attributes of other names', NAMES, (size) => inRoot(numbered(size, (n) => `<a b${n}="1"/>`))],
  ['many attributes', NAMES, (size) => `<r ${numbered(size, (n) => `a${n}="" `)}/>`],
  ['tags of many attributes', NAMES, (size) => inRoot(fill(`<a ${numbered(200_000, (n) => `a${n}="" `)}/>`, size))],
  ['nested', /nested deeper/, (size) => fill('<a>', size / 2) + fill('</a>', size / 2)],
  ['a long name', TAG, (size) => `<${fill('a', size / 2)}></${fill('a', size / 2)}>`],
  ['long names', READ, (size) => inRoot(fill(`<${'a'.repeat(200_000)}></${'a'.repeat(200_000)}>`, size))],
  ['a long text', READ, (size) => inRoot(fill('日', size))],
  ['white space', READ, (size) => inRoot(fill(' ', size))],
  ['white space in a tag', TAG, (size) => `<r${fill(' ', size)}/>`],
  ['white space in tags', READ, (size) => inRoot(fill(`<a${' '.repeat(200_000)}/>`, size))],
  ['text between elements', VALUES, (size) => inRoot(fill('x<a/>', size))],
  ['entities', READ, (size) => inRoot(fill('&amp;', size))],
  ['numbers of characters', READ, (size) => inRoot(fill('&#x41;', size))],
  ['a long reference', BROKEN, (size) => inRoot(`&${fill('a', size)};`)],
  ['ampersands', BROKEN, (size) => inRoot(fill('&', size))],
  ['CDATA', READ, (size) => inRoot(fill('<![CDATA[]]>', size))],
  ['brackets', READ, (size) => inRoot(`<![CDATA[${fill(']', size)}]]>`)],
  ['texts before a late ]]>', READ, (size) => inRoot(`${fill('<a>1</a>', size)}<![CDATA[]]>`)],
  ['a comment of dashes', READ, (size) => inRoot(`<!--${fill('- ', size)}-->`)],
  ['comments', READ, (size) => inRoot(fill('<!---->', size))],
  ['comments in text', VALUES, (size) => inRoot(fill('x<!---->', size))],
  ['instructions', READ, (size) => inRoot(fill('<?a?>', size))],
  ['instructions without an end', BROKEN, (size) => inRoot(fill('<?a ', size))],
  ['ends of lines', READ, (size) => inRoot(fill('\r\n', size))],
  ['old ends of lines', READ, (size) => inRoot(fill('\r', size))],
  ['a long value', TAG, (size) => `<r a="${fill('&lt;', size)}"/>`],
  ['long values', READ, (size) => inRoot(fill(`<a b="${'&lt;'.repeat(50_000)}"/>`, size))],
  ['lines in values', READ, (size) => inRoot(fill(`<a b="${'\n'.repeat(200_000)}"/>`, size))],
  ['entities that are declared', /DOCTYPE/, (size) => `<!DOCTYPE r [${fill('<!ENTITY a "b">', size)}]><r/>`],
  ['quotes that do not end', BROKEN, (size) => inRoot(fill(`<a b='"`, size))],
];

const OF_CSV: readonly Entry[] = [
  ['honest rows', READ, (size) => `id,email,ok,message\n${fill('12345,somebody@example.test,true,"it is, all, well"\n', size)}`],
  ['small rows', VALUES, (size) => `a\n${fill('1\n', size)}`],
  ['empty lines', READ, (size) => `a\n${fill('\n', size)}`],
  ['one line of commas', LINE, (size) => fill(',', size)],
  [
    'lines of commas',
    VALUES,
    (size) =>
      `${numbered(250_000, (n) => `${n},`)}\n${fill(`${','.repeat(numbered(250_000, (n) => `${n},`).split(',').length - 1)}\n`, size)}`,
  ],
  ['a long value', LINE, (size) => `a\n"${fill('x', size)}"\n`],
  ['quotes', LINE, (size) => `a\n"${fill('""', size)}"\n`],
  ['long values', READ, (size) => `a\n${fill(`"${'""'.repeat(100_000)}"\n`, size)}`],
  ['a quote that does not end', LINE, (size) => `a\n"${fill('x\n', size)}`],
  ['lines in values', READ, (size) => `a\n${fill(`"${'\n'.repeat(200_000)}"\n`, size)}`],
];

const hostile = (format: HostileText['format'], entries: readonly Entry[]): HostileText[] =>
  entries.map(([name, outcome, make]) => ({ name, format, make, outcome }));

export const HOSTILE: readonly HostileText[] = [...hostile('XML', OF_XML), ...hostile('CSV', OF_CSV)];
