/** Compiles what answers an operation: one request, or a flow of steps. */

import { didYouMean, oneOf } from '../fault.ts';
import type { FlowSpec, StepSpec } from '../manifest/manifest.ts';
import type { Path } from '../manifest/places.ts';
import { say } from '../manifest/say.ts';
import type { Author } from './author.ts';
import type { Flow, Request, Step } from './destination.ts';
import { milliseconds } from './duration.ts';
import { lookupsRead, type Named, templatesOf } from './lookups-read.ts';
import type { PlaceNames } from './names.ts';

const DEFAULT_CACHE = '10m';
const LONGEST_CACHE = 86_400_000;

type EnsureSpec = NonNullable<StepSpec['ensure']>;

export class FlowCompiler {
  readonly #author: Author;
  readonly #names: PlaceNames;
  readonly #requests: ReadonlyMap<string, Request>;

  constructor(author: Author, names: PlaceNames, requests: ReadonlyMap<string, Request>) {
    this.#author = author;
    this.#names = names;
    this.#requests = requests;
  }

  /** @param path of the operation */
  compile(spec: FlowSpec, path: Path): Flow | undefined {
    if (typeof spec !== 'string') return this.#flow(spec, path, new Set());
    const request = this.#find(spec, path);
    if (request === undefined) return undefined;
    if (request.batch?.holdsRows === false) {
      const sentence =
        'The body of this batched request holds none of its rows. Use {{ items }}, {{ records }} or {{ rows }} in it.';
      this.#author.fault('manifest.batch', ['requests', spec, 'batch'], sentence, 'key');
    }
    this.#checkSteps(request, path, new Set());
    return flowOf([{ kind: 'request', name: spec, request, if: undefined, as: undefined, end: true }], true);
  }

  /** @param seen what steps before it keep */
  #flow(specs: readonly StepSpec[], path: Path, seen: ReadonlySet<string>): Flow {
    const kept = new Set(seen);
    const steps = specs.flatMap((spec, index) => {
      const at = [...path, index];
      const step = this.#step(spec, at, kept);
      if (spec.as !== undefined) {
        if (kept.has(spec.as))
          this.#author.fault('manifest.flow', [...at, 'as'], `A step before this one is called "${spec.as}" already.`);
        kept.add(spec.as);
      }
      return step ?? [];
    });
    const [request] = specs;
    const sole = steps.length === 1 && specs.length === 1 && request?.request !== undefined;
    if (sole && steps[0]?.kind === 'request' && steps[0].request.batch?.holdsRows === false)
      this.#author.fault('manifest.flow', [...path, 0, 'request'], 'This flow sends nothing of its rows.');
    return flowOf(steps, false);
  }

  #step(spec: StepSpec, path: Path, seen: ReadonlySet<string>): Step | undefined {
    const names = this.#names.row('a step of the flow');
    const only = this.#author.maybeQuestion(spec.if, [...path, 'if'], names);
    this.#checkNames(only, [...path, 'if'], seen);
    const kinds = (['request', 'ensure', 'then'] as const).filter((word) => spec[word] !== undefined);
    const [kind] = kinds;
    if (kind === undefined || kinds.length > 1) {
      const sentence =
        kind === undefined
          ? 'This step does nothing. Add request: to send one, then: (with if) to settle rows, or ensure: (with as).'
          : `A step has one of request, then and ensure; this one has ${kinds.join(' and ')}.`;
      this.#author.fault('manifest.flow', kinds[1] === undefined ? path : [...path, kinds[1]], sentence, 'key');
      return undefined;
    }
    if (spec.reason !== undefined && kind !== 'then')
      this.#author.fault('manifest.flow', [...path, 'reason'], 'reason is for a step that rejects: if, then and reason.', 'key');
    if (kind === 'request') return this.#request(spec, path, seen, only);
    if (kind === 'ensure') return this.#ensure(spec, path, seen, only);
    if (spec.as !== undefined)
      this.#author.fault('manifest.flow', [...path, 'as'], 'A rule has no answer to keep. Leave as out.', 'key');
    if (only === undefined) {
      this.#author.fault('manifest.flow', [...path, 'then'], 'A rule needs if: for which rows it holds.', 'key');
      return undefined;
    }
    const reason = this.#author.maybeLeaf(spec.reason, [...path, 'reason'], names);
    this.#checkNames(reason, [...path, 'reason'], seen);
    return { kind: 'rule', if: only, then: spec.then ?? 'reject', reason };
  }

  #request(spec: StepSpec, path: Path, seen: ReadonlySet<string>, only: Step['if'] | undefined): Step | undefined {
    const request = this.#find(spec.request ?? '', [...path, 'request']);
    if (request === undefined) return undefined;
    this.#checkSteps(request, [...path, 'request'], seen);
    const end = spec.as === undefined && request.method !== 'GET';
    return { kind: 'request', name: spec.as ?? request.name, request, if: only, as: spec.as, end };
  }

  #ensure(spec: StepSpec, path: Path, seen: ReadonlySet<string>, only: Step['if'] | undefined): Step | undefined {
    const { ensure, as } = spec;
    if (ensure === undefined) return undefined;
    const at = [...path, 'ensure'];
    if (as === undefined) {
      this.#author.fault('manifest.flow', at, 'What is ensured needs a name. Add as: …, and read it as steps.NAME.value.', 'key');
      return undefined;
    }
    if ((ensure.request === undefined) === (ensure.steps === undefined)) {
      this.#author.fault('manifest.flow', at, 'ensure needs request: or steps:, and only one of the two.', 'key');
      return undefined;
    }
    const flow = this.#inner(ensure, at, seen);
    const kept = new Set([...seen, ...(ensure.steps ?? []).flatMap((one) => one.as ?? [])]);
    const key = this.#author.expression(ensure.key, [...at, 'key'], this.#names.row('the key of ensure'));
    this.#checkNames(key, [...at, 'key'], seen);
    const value = this.#author.expression(ensure.value, [...at, 'value'], this.#names.rowAnswer('the value of ensure'));
    this.#checkNames(value, [...at, 'value'], kept);
    const cache = milliseconds(ensure.cache ?? DEFAULT_CACHE, [...at, 'cache'], this.#author, { least: 0, most: LONGEST_CACHE });
    return { kind: 'ensure', as, if: only, key, flow, value, cache, id: JSON.stringify(ensure) };
  }

  #inner(ensure: EnsureSpec, at: Path, seen: ReadonlySet<string>): Flow {
    if (ensure.steps !== undefined) return this.#flow(ensure.steps, [...at, 'steps'], seen);
    return this.#flow([{ ...(ensure.request !== undefined && { request: ensure.request }) }], at, seen);
  }

  #find(name: string, path: Path): Request | undefined {
    const request = this.#requests.get(name);
    if (request !== undefined) return request;
    const known = [...this.#requests.keys()];
    this.#author.fault(
      'manifest.sync',
      path,
      `There is no request ${say(name)}. Use ${oneOf(known)}.`,
      'value',
      didYouMean(name, known),
    );
    return undefined;
  }

  /** A request may stand in several flows: each must have what it reads. */
  #checkSteps(request: Request, path: Path, seen: ReadonlySet<string>): void {
    for (const template of templatesOf(request)) {
      const missing = missingOf(template, seen);
      if (missing === undefined) continue;
      const sentence = `requests.${request.name} reads steps.${missing}, which no step before this one keeps. ${keptWords(seen)}`;
      this.#author.fault('manifest.flow', path, sentence);
      return;
    }
  }

  #checkNames(template: Named | undefined, path: Path, seen: ReadonlySet<string>): void {
    const missing = missingOf(template, seen);
    if (missing !== undefined)
      this.#author.fault('manifest.flow', path, `steps.${missing} is kept by no step before this one. ${keptWords(seen)}`);
  }
}

function missingOf(template: Named | undefined, seen: ReadonlySet<string>): string | undefined {
  for (const name of template?.names ?? []) {
    const [first, second] = name.split('.');
    if (first === 'steps' && second !== undefined && !seen.has(second)) return second;
  }
  return undefined;
}

function keptWords(seen: ReadonlySet<string>): string {
  return seen.size === 0 ? 'Write as: in the step that it shall read.' : `There is ${oneOf([...seen], '"')}.`;
}

function flowOf(steps: readonly Step[], plain: boolean): Flow {
  const requests = steps.flatMap((step) =>
    step.kind === 'request' ? [step.request] : step.kind === 'ensure' ? step.flow.requests : [],
  );
  const own = lookupsRead(
    steps.flatMap((step): (Named | undefined)[] =>
      step.kind === 'rule' ? [step.if, step.reason] : step.kind === 'ensure' ? [step.if, step.key, step.value] : [step.if],
    ),
  );
  const inner = steps.flatMap((step) => (step.kind === 'ensure' ? [...step.flow.lookups] : []));
  return { steps, plain, requests, lookups: new Set([...own, ...inner, ...requests.flatMap(({ lookups }) => [...lookups])]) };
}
