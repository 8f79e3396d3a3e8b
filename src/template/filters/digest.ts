/** Digests: lower-case hex unless base64 is asked for. Of a missing value, null or "" there is none: no shared fake identity. */

import { createHash, createHmac } from 'node:crypto';
import { renderFault } from '../render-fault.ts';
import { utf8Text } from '../text.ts';
import type { FilterFunction } from './registry.ts';

function encoding(name: string, given: unknown): 'hex' | 'base64' | 'base64url' {
  if (given === undefined || given === 'hex') return 'hex';
  if (given === 'base64' || given === 'base64url') return given;
  throw renderFault('argument', `${name}: "${String(given)}" is not an encoding; use hex, base64 or base64url`);
}

function digest(algorithm: string): FilterFunction {
  return (value, as) => {
    const text = utf8Text(value);
    return text === '' ? undefined : createHash(algorithm).update(text, 'utf8').digest(encoding(algorithm, as));
  };
}

export const digestFilters: Readonly<Record<string, FilterFunction>> = {
  md5: digest('md5'),
  sha1: digest('sha1'),
  sha256: digest('sha256'),
  sha512: digest('sha512'),
  /** `{{ text | hmac: key, 'sha256', 'hex' }}` (RFC 2104) */
  hmac: (value, key, algorithm = 'sha256', as = undefined) => {
    const [text, secret] = [utf8Text(value), utf8Text(key)];
    if (text === '') return undefined;
    if (secret === '') throw renderFault('argument', 'hmac: the key is empty');
    if (!['sha1', 'sha256', 'sha512', 'md5'].includes(String(algorithm))) {
      throw renderFault('argument', `hmac: "${String(algorithm)}" is not an algorithm; use sha256, sha512, sha1 or md5`);
    }
    return createHmac(String(algorithm), secret).update(text, 'utf8').digest(encoding('hmac', as));
  },
};
