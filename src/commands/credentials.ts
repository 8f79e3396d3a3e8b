/** What callers prove themselves with and the server's own certificate, which may be replaced while it runs. */

import type { Credentials } from '../credentials.ts';
import { Fault } from '../fault.ts';
import type { Log } from '../observe/log.ts';
import type { Redactor } from '../observe/redact.ts';
import { type Certificate, type CertificateFiles, readCertificate } from '../server/certificate.ts';
import type { ServerSettings } from '../server-settings.ts';
import { type Watch, watchFiles } from './watch.ts';

/** From now on, for good: what was replaced may still be known to somebody, and stand in what is logged late. */
export function hide({ tokens, signingKeys }: Credentials, redactors: readonly Redactor[]): void {
  for (const { secret } of [...tokens, ...signingKeys]) for (const redactor of redactors) redactor.add(secret);
}

interface Replacing {
  readonly log: Log;
  readonly bug: (error: unknown) => string;
}

/** Watches the files that credentials come from; what cannot be used leaves those of before. */
export function watchCredentials(
  settings: ServerSettings,
  read: () => ServerSettings,
  replace: (fresh: Credentials) => void,
  { log, bug }: Replacing,
): Promise<Watch> {
  const changed = kept(log, 'credentials of callers kept as they were', () => {
    const { credentials } = read();
    replace(credentials);
    log.info('credentials of callers replaced', {
      tokens: credentials.tokens.length,
      signingKeys: credentials.signingKeys.length,
    });
    return true;
  });
  return watchFiles(() => settings.secretFiles, changed, bug);
}

/** Watches the files of the certificate; a pair that does not fit, or is half written, leaves the old one in use. */
export function watchCertificate(
  files: CertificateFiles,
  renew: (certificate: Certificate) => void,
  { log, bug }: Replacing,
): Promise<Watch> {
  const changed = kept(log, 'certificate kept as it was', () => {
    const certificate = readCertificate(files);
    renew(certificate);
    log.info('certificate renewed', { expires: new Date(certificate.expires).toISOString() });
    warnOfExpiry(certificate, log);
    return true;
  });
  return watchFiles(() => [files.cert, files.key], changed, bug);
}

/** Milliseconds before the end of a certificate from which on the log warns of it. */
const SOON = 14 * 86_400_000;

export function warnOfExpiry({ expires }: Certificate, log: Log): void {
  if (expires - Date.now() > SOON) return;
  const message = expires < Date.now() ? 'the certificate has expired' : 'the certificate expires soon';
  log.warn(message, { expires: new Date(expires).toISOString() });
}

/**
 * For `watchFiles`: what was there before stays where a change cannot be made; the log says so once, and it is tried again.
 * @param change tells whether it could be made whole
 */
export function kept(
  log: Log,
  message: string,
  change: (files: ReadonlySet<string>) => boolean | Promise<boolean>,
): (files: ReadonlySet<string>) => Promise<boolean> {
  let said: string | undefined;
  return async (files) => {
    try {
      const whole = await change(files);
      said = undefined;
      return whole;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const { cause } = error;
      const code = cause instanceof Error && 'code' in cause ? { code: cause.code } : {};
      if (error.message !== said) log.warn(message, { fault: error.message, ...code });
      said = error.message;
      return false;
    }
  };
}
