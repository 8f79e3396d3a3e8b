// Runs every *.test.ts under test/ (or the files named), and fails where there is none:
// `node --test` with globs and a loader can find no file on Node 20 and still exit 0.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));
const named = process.argv.slice(2);
const files =
  named.length > 0
    ? named
    : readdirSync(root, { recursive: true })
        .filter((name) => name.endsWith('.test.ts'))
        .sort()
        .map((name) => `test/${name}`);
if (files.length === 0) {
  console.error('no test files found under test/');
  process.exit(1);
}

const loader = process.features.typescript ? [] : ['--import', 'tsx'];
// Files that are named may be run in their long forms.
const timeout = named.length > 0 ? 7_200_000 : 300_000;
const args = [...loader, '--test', `--test-timeout=${timeout}`, '--test-concurrency=2', ...files];
const child = spawn(process.execPath, args, { stdio: 'inherit', cwd: fileURLToPath(new URL('..', import.meta.url)) });
child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
