/** The built product, whose validators are written out: they find what those of the source do, without Ajv. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { PUBLISHED } from '../src/manifest/published.ts';
import { readYaml } from '../src/manifest/yaml.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** In the checkout, since what is built finds its packages from there. */
const built = mkdtempSync(join(ROOT, 'dist-test-'));
after(() => rmSync(built, { recursive: true }));
before(() => {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', built], {
    cwd: ROOT,
  });
  execFileSync(process.execPath, [join(built, 'manifest/precompile.js')]);
});

describe('the built product', () => {
  it('finds the same problems as the schemas do', async () => {
    const { PUBLISHED: written } = await import(pathToFileURL(join(built, 'manifest/published.js')).href);
    let problems = 0;
    for (const folder of ['test/manifest/faults', 'test/manifest/whole', 'destinations']) {
      for (const name of readdirSync(join(ROOT, folder)).filter((file) => file.endsWith('.yaml'))) {
        const { value } = readYaml(name, readFileSync(join(ROOT, folder, name), 'utf8'));
        for (const schema of ['manifest', 'cases'] as const) {
          const found = PUBLISHED[schema](value);
          problems += found.length;
          assert.deepEqual(written[schema](value), found, `${folder}/${name} as ${schema}`);
        }
      }
    }
    assert.ok(problems > 0);
  });

  it('makes no code of text to read a manifest: Ajv is not needed for it', () => {
    const flags = ['--disallow-code-generation-from-strings', join(built, 'main.js')];
    const said = execFileSync(process.execPath, [...flags, 'check', '--destinations', 'bench/destinations'], { cwd: ROOT });
    assert.match(String(said), /No faults in 3 manifests/);
  });
});
