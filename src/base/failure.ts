// Failures are data: a stable code, who caused it, the HTTP status it leads to, and whether the same work may be tried
// elsewhere. Decoders let nothing else escape, whatever the bytes.

export type FailureSource = 'downstream' | 'upstream' | 'internal';

export interface FailureFacts {
  /** HTTP status to answer with, if there is still someone to answer. */
  readonly status?: number;
  /** True only when repeating the work elsewhere cannot do it twice. Default false. */
  readonly mayRetry?: boolean;
  readonly cause?: unknown;
}

/** An operating failure. `code` is stable and kebab-case (`ajp-bad-magic`); the message is for people. */
export class Failure extends Error {
  readonly code: string;
  readonly source: FailureSource;
  readonly status: number | undefined;
  readonly mayRetry: boolean;

  constructor(code: string, source: FailureSource, message: string, facts: FailureFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'Failure';
    this.code = code;
    this.source = source;
    this.status = facts.status;
    this.mayRetry = facts.mayRetry ?? false;
  }
}
