// Lists of ciphers in the form that Node takes: one list for all versions, with the suites of TLS 1.3 by name.

import { createSecureContext, DEFAULT_CIPHERS } from 'node:tls';

/** What is undefined is as usual. */
export interface CipherChoice {
  readonly upTo12: string | undefined;
  readonly for13: string | undefined;
}

const USUAL = DEFAULT_CIPHERS.split(':');
const USUAL_13 = USUAL.filter((name) => name.startsWith('TLS_')).join(':');
const USUAL_12 = USUAL.filter((name) => !name.startsWith('TLS_')).join(':');

/** Node would leave TLS 1.3 out of a list that names none of its suites. */
export function cipherList({ upTo12, for13 }: CipherChoice): string {
  // OpenSSL takes commas and blanks between names, too.
  const clean = (list: string): string =>
    list
      .trim()
      .split(/[\s,:]+/)
      .join(':');
  return `${clean(for13 ?? USUAL_13)}:${clean(upTo12 ?? USUAL_12)}`;
}

/** What OpenSSL finds wrong with a list of ciphers; undefined when it is good. */
export function cipherProblem(ciphers: string): string | undefined {
  try {
    createSecureContext({ ciphers });
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  }
}
