/** An answer as templates see it: its body read as what it says it is. */

import type { Response } from '../destination/destination.ts';
import { JsonError, parseJson } from '../json/parse.ts';
import type { Answer } from '../outbound/exchange.ts';
import type { World } from './call.ts';
import { parseCsv } from './csv.ts';
import { UnreadableError } from './parsed.ts';
import { parseXml } from './xml.ts';

export interface ReadAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, XML or CSV as values, else text; undefined where there is none or it does not parse. */
  readonly body: unknown;
  /** Whether it is XML: there one element is no list, and several are. */
  readonly xml: boolean;
  /** Why what the body says cannot be believed, or nothing. */
  readonly unreadable: string | undefined;
}

/**
 * JSON is parsed when somebody first looks: many an answer is judged by its status alone.
 * @param breathe asked after every piece of work, of what is much work to read
 */
export function readAnswer(reply: Answer, parse: Response['parse'], breathe: World['breathe']): ReadAnswer | Promise<ReadAnswer> {
  const type = typeOf(reply.headers['content-type'] ?? '');
  const format = parse === 'auto' ? formatOf(type, reply.body) : parse === 'text' ? 'whole' : parse;
  if (format === 'xml' || format === 'csv') return readInPieces(reply, format, breathe);
  return new Read(reply, type, format);
}

/** An answer that is read when somebody first looks into it. */
class Read implements ReadAnswer {
  readonly status: number;
  readonly headers: ReadAnswer['headers'];
  readonly xml = false;
  readonly #text: string;
  readonly #type: string;
  readonly #format: 'json' | 'text' | 'none' | 'whole';
  #read: Body | undefined;

  constructor({ status, headers, body }: Answer, type: string, format: 'json' | 'text' | 'none' | 'whole') {
    this.status = status;
    this.headers = headers;
    this.#text = body;
    this.#type = type;
    this.#format = format;
  }

  get body(): unknown {
    this.#read ??= this.#reading();
    return this.#read.body;
  }

  get unreadable(): string | undefined {
    this.#read ??= this.#reading();
    return this.#read.unreadable;
  }

  #reading(): Body {
    const text = this.#text;
    if (this.#format === 'none') return { body: undefined };
    if (this.#format === 'whole') return { body: text };
    if (text.trim() === '') return empty(this.status);
    // It was to be told by its type, which is of nothing that is read.
    if (this.#format === 'text')
      return { body: text, unreadable: `the answer is ${this.#type === '' ? 'no JSON' : this.#type}, not JSON` };
    try {
      return { body: parseJson(text) };
    } catch (error) {
      return unreadable(error);
    }
  }
}

/** What a content type names, without its parameters. An API mostly sends the same. */
function typeOf(header: string): string {
  if (latest.header !== header) latest = { header, type: header.split(';')[0]?.trim().toLowerCase() ?? '' };
  return latest.type;
}

let latest = { header: '', type: '' };

interface Body {
  readonly body: unknown;
  readonly unreadable?: string;
}

async function readInPieces(
  { status, headers, body: text }: Answer,
  format: 'xml' | 'csv',
  breathe: World['breathe'],
): Promise<ReadAnswer> {
  const { body, unreadable: why } = text.trim() === '' ? empty(status) : await parseInPieces(text, format, breathe);
  return { status, headers, xml: format === 'xml' && why === undefined, body, unreadable: why };
}

async function parseInPieces(text: string, format: 'xml' | 'csv', breathe: World['breathe']): Promise<Body> {
  try {
    return { body: await (format === 'xml' ? parseXml : parseCsv)(text, breathe) };
  } catch (error) {
    return unreadable(error);
  }
}

function unreadable(error: unknown): Body {
  if (error instanceof JsonError || error instanceof UnreadableError)
    return { body: undefined, unreadable: `the answer is ${error.message}` };
  throw error;
}

/** RFC 9110 sections 15.3.5 and 15.3.6: these have no body. */
function empty(status: number): Body {
  return status === 204 || status === 205 ? { body: undefined } : { body: undefined, unreadable: 'the answer is empty' };
}

/** What it says that it is; what says nothing is JSON where it looks like it. A page for people is none of them. */
function formatOf(type: string, text: string): 'json' | 'xml' | 'csv' | 'text' {
  if (/[/+]json$/.test(type) || ((type === '' || type === 'text/plain') && /^\s*[[{]/.test(text))) return 'json';
  if (/[/+]xml$/.test(type) && type !== 'application/xhtml+xml') return 'xml';
  return type === 'text/csv' || type === 'application/csv' ? 'csv' : 'text';
}
