/**
 * What a manifest becomes when it is compiled: every template parsed, every name known.
 *
 * The words, once:
 * - *destination*: what a manifest describes. *object*, *mode*, *field*, *option*, *row*, *rejected row*: Hightouch's words.
 * - *manifest*: the YAML file. *template*: Liquid in one of its leaves. *request*: one of its `requests`.
 * - *planned request*: a request rendered for its rows, ready to leave. *reply*: what came back, or why nothing did.
 * - *verdict*: what a reply means for one row. *outcome*: what the caller is told of a row.
 * - *fault*: a mistake that its author, operator or caller can mend.
 */

import type { Pattern } from '../schema/pattern.ts';
import type { Question, TextTemplate, ValueTemplate } from '../template/template.ts';
import type { Tree } from '../template/tree.ts';

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type HttpMethod = (typeof METHODS)[number];

export const OPERATIONS = ['add', 'change', 'remove'] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface Destination {
  readonly id: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly file: string;
  readonly settings: readonly SettingDeclaration[];
  readonly vars: Readonly<Record<string, unknown>>;
  readonly connection: Connection;
  readonly form: FormLevel;
  readonly lookups: ReadonlyMap<string, Lookup>;
  readonly requests: ReadonlyMap<string, Request>;
  /** As the manifest says; what it leaves out is undefined. */
  readonly batchSize: number | undefined;
  readonly skipInitialRun: boolean;
  /** Milliseconds that one call may take. */
  readonly deadline: number;
}

export interface SettingDeclaration {
  readonly name: string;
  /** The environment variable that holds it. */
  readonly env: string;
  readonly file: string | undefined;
  /** The header of the caller's request that holds it, in lower case. */
  readonly header: string | undefined;
  readonly secret: boolean;
  readonly type: 'text' | 'number' | 'boolean' | 'json';
  readonly fallback: unknown;
  readonly pattern: Pattern | undefined;
  readonly allowed: readonly unknown[] | undefined;
  readonly description: string | undefined;
}

export interface Connection {
  readonly url: BaseUrl;
  readonly auth: Auth | undefined;
  /** Requests in flight at most; `auto` finds the number. */
  readonly concurrency: number | 'auto';
  /** The HTTP client that sends the requests of rows. */
  readonly transport: 'undici' | 'got';
}

/** In no stretch of `per` milliseconds are more requests begun. */
export interface RateLimit {
  readonly requests: number;
  readonly per: number;
  /** Each value has a rate of its own. */
  readonly by: ValueTemplate | undefined;
}

/** A key by which the API tells a request that it has seen. */
export interface Idempotency {
  /** In lower case. */
  readonly header: string;
  /** What the key is made from, where it shall be the same in every call. */
  readonly by: ValueTemplate | undefined;
}

/** `connection.url`: its origin comes from the manifest or the operator alone, or from the configuration within `allow`. */
export interface BaseUrl {
  readonly template: TextTemplate;
  /** The hosts that a URL from the configuration may have; undefined where it reads no configuration. */
  readonly allow: Tree | undefined;
}

export interface Auth {
  readonly kind: 'basic' | 'bearer' | 'header' | 'query';
  /** basic: username and password; bearer: token; else names as written. */
  readonly parts: ReadonlyMap<string, TextTemplate>;
}

/** What the top, an object or a mode declares for the form; undefined where it declares nothing. */
export interface FormLevel {
  readonly objects?: readonly Entry[] | undefined;
  readonly modes?: readonly Entry[] | undefined;
  readonly fields?: readonly Entry[] | undefined;
  readonly customFields?: boolean | undefined;
  readonly options?: Options | undefined;
  readonly rules: readonly ValidationRule[];
  readonly sync?: ReadonlyMap<Operation, Flow> | undefined;
}

/** An object, a mode or a field; with `each` one for every element. */
export interface Entry {
  /** Where it stands in the manifest: `modes[0].fields[1]`. */
  readonly at: string;
  readonly each: ValueTemplate | undefined;
  readonly only: Question | undefined;
  readonly id: ValueTemplate;
  readonly label: ValueTemplate | undefined;
  readonly description: ValueTemplate | undefined;
  /** Fields only. */
  readonly type: ValueTemplate | undefined;
  readonly required: ValueTemplate | undefined;
  readonly identifier: ValueTemplate | undefined;
  /** Objects and modes only. */
  readonly level: FormLevel | undefined;
}

export interface Options {
  readonly schema: Tree;
  readonly uiSchema: Tree | undefined;
}

export interface ValidationRule {
  readonly if: Question;
  readonly error: ValueTemplate;
}

/** How an operation is carried out: the steps that its rows go through together. */
export interface Flow {
  readonly steps: readonly Step[];
  /** Whether it is one request and nothing else, as `sync: { add: upsert }` says. */
  readonly plain: boolean;
  /** Every request that it may send. */
  readonly requests: readonly Request[];
  /** The lookups that its templates read. */
  readonly lookups: ReadonlySet<string>;
}

export type Step =
  | {
      readonly kind: 'request';
      /** What a reason calls it. */
      readonly name: string;
      readonly request: Request;
      readonly if: Question | undefined;
      /** Later steps see the answer under this name. */
      readonly as: string | undefined;
      /** Whether a row that comes through is delivered. */
      readonly end: boolean;
    }
  | ({ readonly kind: 'rule' } & RowRule)
  | {
      readonly kind: 'ensure';
      readonly as: string;
      readonly if: Question | undefined;
      readonly key: ValueTemplate;
      readonly flow: Flow;
      readonly value: ValueTemplate;
      /** Milliseconds. */
      readonly cache: number;
      /** Tells it from all others of the destination. */
      readonly id: string;
    };

export interface Request {
  readonly name: string;
  readonly method: HttpMethod | ValueTemplate;
  readonly path: PathTemplate;
  /** Of the connection, then of the request; later keys win. */
  readonly query: readonly Tree[];
  readonly headers: readonly Tree[];
  readonly body: Body;
  readonly batch: Batch | undefined;
  readonly item: Tree | undefined;
  /** As the manifest says; undefined where the method decides. */
  readonly idempotent: boolean | undefined;
  readonly idempotency: Idempotency | undefined;
  /** Of the connection, then its own. */
  readonly rateLimits: readonly RateLimit[];
  /** The names of kept answers that its templates read. */
  readonly readsSteps: ReadonlySet<string>;
  /** Whether a template of a row reads `idempotency_key`. */
  readonly readsKey: boolean;
  readonly rules: readonly RowRule[];
  /** Milliseconds for one attempt. */
  readonly timeout: number;
  readonly retry: RetryPolicy;
  readonly response: Response;
  /** The lookups that its templates read. */
  readonly lookups: ReadonlySet<string>;
}

export interface Batch {
  readonly size: number;
  /** Of a body. */
  readonly bytes: number;
  readonly by: ValueTemplate | undefined;
  /** Whether its body holds what its rows give: else it is sent once for all of them. */
  readonly holdsRows: boolean;
}

/** Data asked of the API. */
export interface Lookup {
  readonly name: string;
  readonly request: Request;
  /** Where the list stands; undefined for the whole body. */
  readonly list: ValueTemplate | undefined;
  readonly next: NextPage | undefined;
  /** Whether `next` reads nothing of the answer: then a page without elements is the last, since nothing else tells. */
  readonly counts: boolean;
  /** Pages at most. */
  readonly pages: number;
  /** Milliseconds that an answer serves rows and validation. */
  readonly cache: number;
  /** The other lookups that it reads. */
  readonly reads: ReadonlySet<string>;
  /** The names by which its answer is read beside the answer's own: answers are kept apart by their values. */
  readonly readsAnswerBy: readonly ('object' | 'mode' | 'config' | 'lookups')[];
}

/** What the request of the next page changes. */
export type NextPage =
  | { readonly kind: 'link' }
  | { readonly kind: 'url'; readonly url: ValueTemplate }
  | {
      readonly kind: 'change';
      readonly query: Change;
      /** Keys of a JSON body. */
      readonly json: Change | undefined;
    };

/** What the next page changes in a query or a body. */
export interface Change {
  readonly names: readonly string[];
  /** The values by name; a name without one is left out of the request. */
  readonly values: Tree;
  /** Of the values those that templates make: without any of them there is no next page. */
  readonly made: Tree;
}

export interface PathTemplate {
  /** Where the path begins with a URL from an answer, from settings or constants: that URL. */
  readonly leading: ValueTemplate | undefined;
  /** The path, or what stands behind the leading URL. */
  readonly template: TextTemplate;
  /** The path with every output as one character, where no tag can change its parts: says which parts are literal. */
  readonly skeleton: readonly string[] | undefined;
}

export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly tree: Tree }
  | { readonly kind: 'json-text'; readonly template: TextTemplate }
  | { readonly kind: 'form'; readonly tree: Tree }
  | { readonly kind: 'ndjson'; readonly tree: Tree }
  | { readonly kind: 'text'; readonly template: TextTemplate };

export interface RetryPolicy {
  /** The first time included. */
  readonly attempts: number;
  /** The statuses that are retried; undefined for those of the retry table. */
  readonly on: ReadonlySet<number> | undefined;
  /** Milliseconds: the first wait is drawn up to `base`, later ones up to twice as much each time, never beyond `cap`. */
  readonly base: number;
  readonly cap: number;
}

/** Of several the first that holds decides. */
interface Rule<Then> {
  readonly if: Question;
  readonly then: Then;
  readonly reason: ValueTemplate | undefined;
}

/** Asked of a row before it is sent. */
export type RowRule = Rule<'accept' | 'reject'>;

/** Asked of an answer. */
export interface AnswerRule<Then = 'accept' | 'reject' | 'retry' | 'stop' | 'reauth'> extends Rule<Then> {
  /** When the rows go again. */
  readonly after: ValueTemplate | undefined;
}

/** Settles the row of one element of the answer. */
export type ElementRule = AnswerRule<'accept' | 'reject' | 'retry'>;

export interface Response {
  readonly parse: 'auto' | 'json' | 'xml' | 'csv' | 'text' | 'none';
  readonly rules: readonly AnswerRule[];
  readonly ok: Question | undefined;
  readonly reason: ValueTemplate | undefined;
  readonly partial: ReadonlySet<number>;
  readonly accepted: ValueTemplate | undefined;
  /** The row's side of a join. */
  readonly key: ValueTemplate | undefined;
  /** Sides of a join of which one changes the case of its text and the other does not: they may never be equal. */
  readonly unlike: readonly string[];
  /** Results of all rows, or errors of those that failed; several mappings each speak of some rows. */
  readonly rows: readonly RowResults[];
  readonly errors: readonly RowErrors[];
  /** Whether what is rejected whole is sent again in halves. */
  readonly bisect: boolean;
  readonly job: Job | undefined;
  /** The names read by what accepts rows: with a body that cannot be read, what is missing from it must not count as a yes. */
  readonly accepting: ReadonlySet<string>;
}

/** What the answer to a request names, and what is to be asked until it is done. */
export interface Job {
  readonly request: Request;
  readonly until: Question;
  readonly failed: Question | undefined;
  /** Asked once, when it is done. */
  readonly fetch: Request | undefined;
  /** Milliseconds. */
  readonly every: number;
  readonly timeout: number;
}

/** A list in the answer whose elements name rows. */
export interface Elements {
  readonly rules: readonly ElementRule[];
  readonly each: ValueTemplate;
  readonly key: ValueTemplate | undefined;
  readonly index: ValueTemplate | undefined;
  readonly reason: ValueTemplate | undefined;
}

export interface RowResults extends Elements {
  readonly ok: Question | undefined;
}

export interface RowErrors extends Elements {
  readonly unmatched: 'reject' | 'ignore';
  readonly required: Question | undefined;
}
