// What went wrong with a member, as data: each cause once, with how often and when. Bounded; texts are only made when
// something has gone wrong. Place in the picture: the balancer keeps them, managers, `explain` and the log show them.

import type { Phase } from './replay.ts';

/** When a cause came up: in an attempt, in an answer that was passed on all the same, or in a health check. */
export type CausePhase = Phase | 'answer' | 'check';

/** One cause of trouble. For operators: never part of an answer to a client. */
export interface Cause {
  /** Stable, kebab-case (`connect-refused`): that of the Failure. */
  readonly code: string;
  readonly phase: CausePhase;
  /** One line for people, as it was the last time. Holds no secrets. */
  readonly text: string;
  /** ms since 1970. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly count: number;
}

/** Causes kept of one member; one more lets go of the one that is longest ago. */
export const CAUSES_MAX = 8;
/** A cause that goes on is told in the log so often. */
const TELL_AGAIN_MS = 60_000;

interface Kept {
  cause: Cause;
  toldAt: number;
  /** Times since it was told. */
  untoldCount: number;
}

export class Troubles {
  readonly #kept: Kept[] = [];

  /** Newest first. */
  get causes(): readonly Cause[] {
    return this.#kept.map(({ cause }) => cause);
  }

  get last(): Cause | undefined {
    return this.#kept[0]?.cause;
  }

  /** Takes a cause down; one of the same code and phase is counted. @param wall ms since 1970 */
  add(code: string, phase: CausePhase, text: string, wall: number): void {
    const at = this.#kept.findIndex(({ cause }) => cause.code === code && cause.phase === phase);
    const before = at < 0 ? undefined : this.#kept.splice(at, 1)[0];
    const cause = {
      code,
      phase,
      text,
      firstAt: before?.cause.firstAt ?? wall,
      lastAt: wall,
      count: (before?.cause.count ?? 0) + 1,
    };
    const { toldAt, untoldCount } = before ?? { toldAt: Number.NEGATIVE_INFINITY, untoldCount: 0 };
    this.#kept.unshift({ cause, toldAt, untoldCount: untoldCount + 1 });
    if (this.#kept.length > CAUSES_MAX) this.#kept.pop();
  }

  /**
   * Whether the last cause is worth a line in the log; it is then taken as told.
   * @param isDue it is told now, however lately it was
   * @returns how often it came up since it was told before; 0 when it need not be told
   */
  takeUntold(wall: number, isDue: boolean): number {
    const kept = this.#kept[0];
    if (kept === undefined || (!isDue && wall - kept.toldAt < TELL_AGAIN_MS)) return 0;
    const { untoldCount } = kept;
    kept.toldAt = wall;
    kept.untoldCount = 0;
    return untoldCount;
  }
}

/** `text (connect-refused, 3 times)`: a cause in one line. @param url said before it by the caller, so not said again */
export function causeLine({ text, code, count }: Cause, url = ''): string {
  const why = text.startsWith(`${url}: `) ? text.slice(url.length + 2) : text;
  return `${why} (${code}${count > 1 ? `, ${count} times` : ''})`;
}
