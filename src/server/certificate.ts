/** The server's own certificate and key: read, checked to fit together, and how long they last. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { Fault } from '../fault.ts';

/** Where they are: PEM files, the certificate with its chain. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** @throws {Fault} that names the file and what is wrong with it; never what a key holds */
export function readCertificate({ cert: certFile, key: keyFile }: CertificateFiles): Certificate {
  const cert = readPem(certFile, 'ROWPOST_TLS_CERT');
  const key = readPem(keyFile, 'ROWPOST_TLS_KEY');
  const first = attempt(() => new X509Certificate(cert), certFile, 'ROWPOST_TLS_CERT', 'holds no certificate in PEM form');
  const own = attempt(
    () => createPrivateKey(key),
    keyFile,
    'ROWPOST_TLS_KEY',
    'holds no private key in PEM form, or one with a passphrase',
  );
  if (!first.checkPrivateKey(own)) {
    throw new Fault({
      code: 'settings.tlsKey',
      sentence: `The key in ${keyFile} (ROWPOST_TLS_KEY) is not that of the first certificate in ${certFile} (ROWPOST_TLS_CERT).`,
      hint: 'Put the two files of one certificate there; in the chain the server’s own comes first.',
    });
  }
  attempt(() => createSecureContext({ cert, key }), certFile, 'ROWPOST_TLS_CERT', 'cannot be used for TLS');
  return { cert, key, expires: Date.parse(first.validTo) };
}

function readPem(file: string, variable: string): string {
  return attempt(() => readFileSync(file, 'utf8'), file, variable, 'cannot be read');
}

function attempt<T>(make: () => T, file: string, variable: string, wrong: string): T {
  try {
    return make();
  } catch (cause) {
    const code = variable === 'ROWPOST_TLS_KEY' ? 'settings.tlsKey' : 'settings.tlsCert';
    throw new Fault({ code, sentence: `The file ${file} (${variable}) ${wrong}.`, hint: 'Expected a readable PEM file.', cause });
  }
}
