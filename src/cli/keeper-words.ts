// What a frontend and its keeper say to each other, as JSON over the channel that Node opens between them. The keeper
// believes no more of it than that it is one of these.

import type { Named } from './keeper-named.ts';
import type { FilesRecord } from './kept-files.ts';
import type { ServingOptions } from './serving.ts';

/** What the frontend says. Answers carry the `id` of what was asked. */
export type Word =
  /** Once, when the frontend has become who it is and before it serves. */
  | {
      readonly kind: 'begin';
      /** Of the frontend: the number in its PidFile. */
      readonly pid: number;
      readonly options: ServingOptions;
      readonly user: KeptUser;
      readonly isDetached: boolean;
      /** By the configuration that the frontend started with. */
      readonly named: Named;
      /** Of the control socket that the frontend has opened, absolute. */
      readonly controlPath?: string;
    }
  /** The configuration is wanted anew, and logs are opened anew. */
  | { readonly kind: 'read'; readonly id: number }
  | {
      readonly kind: 'listen';
      readonly id: number;
      readonly address: string | null;
      readonly port: number;
      readonly backlog: number;
    }
  /** Octets (latin1 view) for the end of a log. */
  | { readonly kind: 'write'; readonly id: number; readonly path: string; readonly octets: string }
  | { readonly kind: 'close'; readonly path: string }
  /** What was read last is in force. */
  | { readonly kind: 'in-force' }
  | { readonly kind: 'end' };

/** Numbers of questions begin after it. */
export const READY_ID = 0;

/** Whom the frontend has become. */
export interface KeptUser {
  readonly uid: number;
  readonly groups: readonly number[];
}

/** Why something was not done: a code of the system's, and words for people. */
export interface Refusal {
  readonly code: string;
  readonly why: string;
}

/** What the keeper says. The answer to `listen` carries the listening socket, unless it is refused. */
export type Answer =
  /** Once, unasked: it is loaded, and signals do not end it. */
  | { readonly kind: 'ready'; readonly id: typeof READY_ID }
  | {
      readonly kind: 'read';
      readonly id: number;
      readonly files: FilesRecord;
      /** Logs that it would write to. */
      readonly logs: readonly string[];
      /** What it will not touch, and why, by path. */
      readonly refused: readonly (readonly [path: string, refusal: Refusal])[];
    }
  | { readonly kind: 'listen'; readonly id: number; readonly refusal?: Refusal }
  | { readonly kind: 'write'; readonly id: number; readonly count: number; readonly refusal?: Refusal };

export function refusalOf(error: unknown): Refusal {
  const { code = 'EFAULT', message } = error as NodeJS.ErrnoException;
  return { code, why: message };
}
