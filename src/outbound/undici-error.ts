/** The errors of undici under the codes that Node's own client has for them. */

import { errors } from 'undici';

/** undici's codes for what Node's own client calls otherwise. */
const CODES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_HEADERS_OVERFLOW: 'HPE_HEADER_OVERFLOW',
  UND_ERR_INVALID_ARG: 'ERR_INVALID_CHAR',
};

/** @param ended whether the server has closed its side: what its parser misses then is no damage */
export function asNode(error: unknown, ended: boolean): unknown {
  if (error instanceof errors.HTTPParserError || error instanceof errors.ResponseContentLengthMismatchError)
    return failing(ended ? 'ECONNRESET' : 'HPE_INVALID');
  const code = error instanceof errors.UndiciError ? CODES[error.code] : undefined;
  return code === undefined ? error : failing(code);
}

export function failing(code: string): Error {
  return Object.assign(new Error(code), { code });
}
