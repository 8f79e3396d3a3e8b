/** A file of golden cases, read; the types of its words. */

import { Fault } from '../fault.ts';
import type { CasesSpec } from '../manifest/manifest.ts';
import type { Path } from '../manifest/places.ts';
import { readChecked } from '../manifest/read.ts';
import type { YamlFile } from '../manifest/yaml.ts';

export type CaseSpec = CasesSpec['cases'][number];
export type ExchangeSpec = NonNullable<CaseSpec['exchanges']>[number];
export type RequestCase = NonNullable<ExchangeSpec['request']>;
export type ResponseCase = NonNullable<ExchangeSpec['response']>;

export interface CasesFile {
  readonly file: string;
  readonly text: string;
  readonly yaml: YamlFile;
  readonly spec: CasesSpec;
}

export function readCases(file: string, text: string): CasesFile | readonly Fault[] {
  const { yaml, faults } = readChecked(file, text, 'cases');
  if (faults.length > 0) return faults;
  const spec = yaml.value as CasesSpec; // checked against the schema that the type derives from
  const wrong = spec.cases.flatMap((one, index) => problems(one, ['cases', index], yaml));
  return wrong.length > 0 ? wrong : { file, text, yaml, spec };
}

function problems(one: CaseSpec, path: Path, yaml: YamlFile): Fault[] {
  const faults: Fault[] = [];
  const fault = (at: Path, sentence: string) =>
    faults.push(new Fault({ code: 'cases.value', sentence, place: yaml.place([...path, ...at], 'key') }));
  if (one.result !== undefined && one.error !== undefined)
    fault(['error'], 'A call answers a result or an error: keep one of the two.');
  if (one.now !== undefined && Number.isNaN(Date.parse(one.now)))
    fault(['now'], `"${one.now}" is no time; expected ISO 8601, such as 2026-01-31T12:00:00Z.`);
  for (const [index, { response }] of (one.exchanges ?? []).entries()) {
    if (response === undefined) {
      const add =
        'Add what the API answers, such as "response: { status: 200, json: { id: 1 } }" or "response: { fail: timeout }".';
      fault(['exchanges', index], `This exchange has no response. ${add}`);
    }
    const bodies = [response?.json, response?.text].filter((body) => body !== undefined).length;
    if (bodies > 1) fault(['exchanges', index, 'response'], 'A response has one body: json or text.');
    if (response?.fail !== undefined && Object.keys(response).length > 1)
      fault(['exchanges', index, 'response', 'fail'], 'A response that fails has no status, headers or body.');
  }
  return faults;
}
