/** Compiles the leaves of one manifest and gathers its faults, each at its line. */

import { Fault, type FaultCode, type FaultInit } from '../fault.ts';
import type { Path } from '../manifest/places.ts';
import type { ManifestFile } from '../manifest/read.ts';
import type { Names, Report, TemplateProblem } from '../template/names.ts';
import type { Place } from '../template/places.ts';
import {
  compileExpression,
  compileLeaf,
  compileQuestion,
  compileText,
  type Question,
  type TextTemplate,
  type ValueTemplate,
} from '../template/template.ts';
import { compileTree, type Omit, type Tree } from '../template/tree.ts';

/** More are not gathered from one file. */
const MAX_FAULTS = 100;

/** Stands in for a template with faults: the destination is refused, so it never runs. */
const BROKEN = {
  names: new Set<string>(),
  fixed: '',
  literal: undefined,
  raw: 0,
  text: () => '',
  value: () => undefined,
  ask: () => false,
};

export class Author {
  readonly faults: Fault[] = [];
  /** Where `raw` opts an output out of escaping; `rowpost check` lists them. */
  readonly raws: Path[] = [];
  /** How many templates were compiled. */
  templates = 0;
  readonly file: ManifestFile;

  constructor(file: ManifestFile) {
    this.file = file;
  }

  #add(init: () => FaultInit): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push(new Fault(init()));
    else if (this.faults.length === MAX_FAULTS)
      this.faults.push(new Fault({ code: 'manifest.more', sentence: 'There are more faults; mend these first.' }));
  }

  /** A fault at a word of the manifest. */
  fault(code: FaultCode, path: Path, sentence: string, what: 'key' | 'value' = 'value', hint?: string): void {
    this.#add(() => ({ code, sentence, place: this.file.yaml.place(path, what), hint }));
  }

  /** A fault at a piece of the text of a leaf. */
  faultWithin(code: FaultCode, path: Path, sentence: string, offset: number, length: number): void {
    this.#report(path, { code, sentence, offset, length });
  }

  text(source: string, path: Path, names: Names, place: Place = 'text'): TextTemplate {
    const template = compileText(source, place, names, this.#at(path)) ?? BROKEN;
    if (template.raw > 0) this.raws.push(path);
    if (template.fixed === undefined) this.templates++;
    return template;
  }

  /** A leaf; a number or a boolean stands for itself. */
  leaf(source: string | number | boolean, path: Path, names: Names): ValueTemplate {
    if (typeof source !== 'string') return { names: new Set(), value: () => source };
    const leaf = compileLeaf(source, names, this.#at(path));
    if (leaf?.template === true) this.templates++;
    return leaf ?? BROKEN;
  }

  maybeLeaf(source: string | number | boolean | undefined, path: Path, names: Names): ValueTemplate | undefined {
    return source === undefined ? undefined : this.leaf(source, path, names);
  }

  expression(source: string, path: Path, names: Names): ValueTemplate {
    this.templates++;
    return compileExpression(source, names, this.#at(path)) ?? BROKEN;
  }

  maybeExpression(source: string | undefined, path: Path, names: Names): ValueTemplate | undefined {
    return source === undefined ? undefined : this.expression(source, path, names);
  }

  /** One value, or the values of several: lists among them are taken apart. */
  maybeExpressions(source: string | readonly string[] | undefined, path: Path, names: Names): ValueTemplate | undefined {
    if (source === undefined || typeof source === 'string') return this.maybeExpression(source, path, names);
    return together(source.map((one, index) => this.expression(one, [...path, index], names)));
  }

  question(source: string | boolean, path: Path, names: Names): Question {
    if (typeof source === 'string') this.templates++;
    return compileQuestion(source, names, this.#at(path)) ?? BROKEN;
  }

  maybeQuestion(source: string | boolean | undefined, path: Path, names: Names): Question | undefined {
    return source === undefined ? undefined : this.question(source, path, names);
  }

  tree(tree: unknown, path: Path, names: Names, omit?: Omit): Tree {
    const compiled = compileTree(tree, names, (inner, problem, key) => this.#report([...path, ...inner], problem, key), omit);
    this.templates += compiled.templates;
    return compiled;
  }

  #at(path: Path): Report {
    return (problem) => this.#report(path, problem);
  }

  #report(path: Path, problem: TemplateProblem, key = false): void {
    const { code, sentence, hint, offset, length } = problem;
    this.#add(() => {
      const { yaml } = this.file;
      const place = key ? yaml.place(path, 'key') : yaml.placeWithin(path, offset, length);
      // What YAML takes for a comment is not part of the text that was found to be cut short.
      const cut = code === 'template.operands' && /^\s+#/.test(place.text.slice(place.column - 1 + place.length));
      return { code, sentence, hint: cut ? 'To YAML " #" begins a comment: quote the whole.' : hint, place };
    });
  }
}

/** Made here, where no author is in sight that it would keep, and with it the whole file. */
function together(all: readonly ValueTemplate[]): ValueTemplate {
  return {
    names: new Set(all.flatMap((one) => [...one.names])),
    value: (scope) => all.flatMap((one) => one.value(scope)),
  };
}
