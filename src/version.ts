/** The version of this package, from the one place that has it. */

import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }; // our own package.json

export const VERSION: string = version;
