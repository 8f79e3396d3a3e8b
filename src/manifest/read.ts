/** From the text of a file to a manifest, or to all its faults with their lines. */

import { Fault } from '../fault.ts';
import { explainProblems } from './explain.ts';
import type { Manifest } from './manifest.ts';
import { PUBLISHED } from './published.ts';
import { readYaml, type YamlFile } from './yaml.ts';

/** A manifest that follows the schema, with the places of its words. */
export interface ManifestFile {
  /** The file's name without its ending: the destination's id. */
  readonly id: string;
  readonly manifest: Manifest;
  readonly yaml: YamlFile;
}

/** Reads a YAML file and checks it against a published schema. Faults are empty or the value follows the schema. */
export function readChecked(
  file: string,
  text: string,
  schema: 'manifest' | 'cases',
): { yaml: YamlFile; faults: readonly Fault[] } {
  const yaml = readYaml(file, text);
  if (yaml.faults.length > 0) return { yaml, faults: yaml.faults };
  if (yaml.value === null || typeof yaml.value !== 'object' || Array.isArray(yaml.value)) {
    const what = yaml.value === null ? 'This file is empty' : 'This file holds no map';
    const begin = schema === 'manifest' ? 'A manifest begins with "version: 1".' : 'A file of cases begins with "cases:".';
    return {
      yaml,
      faults: [new Fault({ code: 'manifest.empty', sentence: `${what}. ${begin}`, place: yaml.place([]) })],
    };
  }
  return { yaml, faults: explainProblems(PUBLISHED[schema](yaml.value), yaml) };
}

/** Ids become parts of URLs and of names of environment variables. */
const ID = /^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?$/;

/**
 * @param id the file's name without its ending
 * @param file the path that faults name
 */
export function readManifest(id: string, file: string, text: string): ManifestFile | readonly Fault[] {
  if (!ID.test(id)) {
    const sentence = `"${id}" cannot be the id of a destination: a file's name is made of small letters, digits, - and _, such as my-crm.yaml.`;
    return [
      new Fault({
        code: 'manifest.id',
        sentence,
        place: { file, line: 1, column: 1, length: 1, text: text.split(/\r?\n/, 1)[0] ?? '' },
      }),
    ];
  }
  const { yaml, faults } = readChecked(file, text, 'manifest');
  // The schema was just checked against; its types derive from the same words.
  return faults.length > 0 ? faults : { id, manifest: yaml.value as Manifest, yaml };
}
