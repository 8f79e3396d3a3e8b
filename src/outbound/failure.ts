/** What went wrong on the way, as a reply: whether the request can have arrived, and a sentence for the row's reason. */

import type { Unreachable } from './exchange.ts';
import { AddressRefused } from './guard.ts';

/** How far the attempt was when it failed. */
export interface Progress {
  /** Whether a byte of the request may have left. */
  left: boolean;
  /** Whether the head of an answer has come. */
  answering: boolean;
}

const NOTHING_SENT = 'Nothing was sent.';

/** Failures to reach the API at all, by Node's code. */
const BEFORE: Readonly<Record<string, string>> = {
  ENOTFOUND: "The API's host name does not exist. Check the address in the manifest or the setting it comes from.",
  EAI_AGAIN: "The name server did not answer when asked for the API's address.",
  ECONNREFUSED: 'The API refused the connection: nothing listens at its address, or a firewall turns it away.',
  EHOSTUNREACH: 'There is no route to the API.',
  ENETUNREACH: 'There is no route to the API: the network is unreachable.',
  EADDRNOTAVAIL: 'There is no local port or address left to connect from.',
  ETIMEDOUT: 'The API did not accept a connection in time.',
  ECONNRESET: 'The API closed the connection while it was being made.',
  EMFILE: 'Rowpost may open no more connections: its limit of open files (ulimit -n) is reached.',
  ENFILE: "No more connections can be opened: the system's limit of open files is reached.",
};

/** OpenSSL's names for a certificate that does not verify, and Node's (nodejs.org/api/tls.html, X509 error codes). */
const CERTIFICATE =
  /^(CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_|ERROR_IN_C|ERR_TLS_CERT_|(HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$)/;

/** The reply for an error of the HTTP client; its own message is never shown, since it holds the URL. */
export function failure(error: unknown, progress: Progress): Unreachable {
  if (error instanceof AddressRefused) return refused(error.code, error.message);
  const code = codeOf(error);
  if (progress.left) return lost(code, progress);
  if (CERTIFICATE.test(code)) return refused(code, `${certificate(code)} ${NOTHING_SENT}`);
  const known = BEFORE[code];
  if (known !== undefined) return unsent(code, known);
  if (/^ERR_(SSL|TLS)_|^EPROTO$/.test(code)) {
    return unsent(
      code,
      `An encrypted connection (TLS) to the API could not be made (${code}). Check that it speaks https at that port.`,
    );
  }
  // System errors (EACCES, EPERM, ENOBUFS …) come from the network; what else fails here never reached it.
  if (/^E(?!RR_)[A-Z_0-9]+$/.test(code)) return unsent(code, `The API could not be reached (${code}).`);
  return refused(code, `The request cannot be written as HTTP (${code}). ${NOTHING_SENT}`);
}

export function timedOut(milliseconds: number, progress: Progress): Unreachable {
  const time = `${Math.round(milliseconds)} ms`;
  if (!progress.left) return unsent('TIMEOUT', `No connection to the API could be made within ${time}.`);
  const what = progress.answering ? 'The answer was not complete' : 'The API did not answer';
  return unknown('TIMEOUT', `${what} within ${time}.`);
}

export function stalled(milliseconds: number): Unreachable {
  return unknown('TIMEOUT', `The answer began, and then nothing more of it came for ${Math.round(milliseconds)} ms.`);
}

export function aborted(progress: Progress): Unreachable {
  if (!progress.left) return unsent('ABORTED', 'The call ended before the request was sent.');
  return unknown('ABORTED', 'The call ended before the answer was there.');
}

export function garbled(): Unreachable {
  return unknown('GARBLED', "The API's answer is damaged: it is not proper HTTP, or its compression cannot be undone.");
}

export function tooLarge(bytes: number): Unreachable {
  const cap = bytes >= 1_048_576 ? `${Math.floor(bytes / 1_048_576)} MiB` : `${bytes} bytes`;
  const sentence = `The API's answer is larger than ${cap}, the most that is read.`;
  return { ...refused('TOO_LARGE', sentence), mayHaveArrived: true };
}

function lost(code: string, { answering }: Progress): Unreachable {
  if (code.startsWith('HPE_')) return garbled();
  if (answering) return unknown(code, `The connection broke before the answer was complete (${code}).`);
  return unknown(code, `The connection broke before an answer came (${code}).`);
}

function certificate(code: string): string {
  if (code === 'CERT_HAS_EXPIRED') return "The API's certificate has expired.";
  if (code === 'CERT_NOT_YET_VALID') return "The API's certificate is not valid yet; check this machine's clock.";
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
    return "The API's certificate is for another host name; check the address.";
  }
  if (/^(DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF))/.test(code)) {
    return `The API's certificate is not signed by a known authority (${code}). If the authority is yours, name its file in NODE_EXTRA_CA_CERTS.`;
  }
  return `The API's certificate is not accepted (${code}).`;
}

function unsent(code: string, sentence: string): Unreachable {
  return { kind: 'unreachable', phase: 'before', mayHaveArrived: false, code, sentence: `${sentence} ${NOTHING_SENT}` };
}

function unknown(code: string, sentence: string): Unreachable {
  return { kind: 'unreachable', phase: 'after', mayHaveArrived: true, code, sentence };
}

function refused(code: string, sentence: string): Unreachable {
  return { kind: 'unreachable', phase: 'refused', mayHaveArrived: false, code, sentence };
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'FAILED';
}
