// A member: what was decided about it (`config`) and what was observed (`state`, on the scoreboard). The status bits and
// their texts are httpd's (modproxy.md §5), so that pages of every dialect can be made from them.

import type { MemberConfig, MemberFlags } from './config.ts';
import { NEVER, type Scoreboard } from './scoreboard.ts';
import { type Cause, Troubles } from './troubles.ts';

/** Status bits. `error` and `healthFailed` are observed, the others are the operator's. */
export const BIT = {
  initialized: 1 << 0,
  ignoreErrors: 1 << 1,
  drain: 1 << 2,
  disabled: 1 << 3,
  stopped: 1 << 4,
  error: 1 << 5,
  standby: 1 << 6,
  spare: 1 << 7,
  healthFailed: 1 << 8,
} as const;

/** Bits any of which makes a member unusable (modproxy.md §5). */
export const UNUSABLE_BITS: number = BIT.disabled | BIT.stopped | BIT.error | BIT.healthFailed;

const TEXTS: readonly (readonly [bit: number, text: string])[] = [
  [BIT.initialized, 'Init '],
  [BIT.ignoreErrors, 'Ign '],
  [BIT.drain, 'Drn '],
  [BIT.disabled, 'Dis '],
  [BIT.stopped, 'Stop '],
  [BIT.error, 'Err '],
  [BIT.standby, 'Stby '],
  [BIT.spare, 'Spar '],
  [BIT.healthFailed, 'HcFl '],
];

/** Status text of a set of bits, each word followed by a blank: `Init Drn Ok `. */
export function statusText(bits: number): string {
  let text = '';
  for (const [bit, word] of TEXTS) if ((bits & bit) !== 0) text += word;
  return (bits & UNUSABLE_BITS) === 0 ? `${text}Ok ` : text;
}

/** Bits of what the operator wants; what `status=` says about error and health is only a first state, see `firstBits`. */
export function wishBits(flags: MemberFlags): number {
  return (
    BIT.initialized |
    (flags.ignoreErrors ? BIT.ignoreErrors : 0) |
    (flags.drain ? BIT.drain : 0) |
    (flags.disabled ? BIT.disabled : 0) |
    (flags.stopped ? BIT.stopped : 0) |
    (flags.standby ? BIT.standby : 0) |
    (flags.spare ? BIT.spare : 0)
  );
}

/** Observed bits that a member starts with (`status=+E`, `status=+C`). */
export function firstBits(flags: MemberFlags): number {
  return (flags.inError ? BIT.error : 0) | (flags.healthFailed ? BIT.healthFailed : 0);
}

/** What names a member among those of its balancer, over reloads: two of an lb worker may have one address. */
export function memberName(config: MemberConfig): string {
  return config.lb?.name ?? config.url;
}

/** One member of one balancer. Lives as long as its configuration; its numbers live on the scoreboard. */
export class Member {
  readonly config: MemberConfig;
  /** Position in the configuration, from 0. */
  readonly index: number;
  readonly state: MemberState;

  /** @param troubles of the same member under an earlier configuration */
  constructor(config: MemberConfig, index: number, board: Scoreboard, row: number, troubles?: Troubles) {
    this.config = config;
    this.index = index;
    this.state = new MemberState(board, row, wishBits(config.flags), troubles);
  }

  get name(): string {
    return memberName(this.config);
  }
}

/** What is known about a member now. Every value is read from shared memory when asked. */
export class MemberState {
  readonly board: Scoreboard;
  readonly row: number;
  /** Bits of the operator's wishes. */
  readonly wish: number;
  /** What went wrong with it, as this thread saw it. */
  readonly troubles: Troubles;

  constructor(board: Scoreboard, row: number, wish: number, troubles: Troubles = new Troubles()) {
    this.board = board;
    this.row = row;
    this.wish = wish;
    this.troubles = troubles;
  }

  /** Wishes and observations together, see `BIT`. */
  get bits(): number {
    return this.wish | this.board.states[this.row];
  }

  get isUsable(): boolean {
    return (this.bits & UNUSABLE_BITS) === 0;
  }

  get isInError(): boolean {
    return (this.bits & BIT.error) !== 0;
  }

  /** What went wrong last, however long ago; undefined when nothing has. */
  get lastError(): Cause | undefined {
    return this.troubles.last;
  }

  /** As the managers print it: `Init Ok `. */
  get statusText(): string {
    return statusText(this.bits);
  }

  /** When it went into error, on the clock's `now()`; undefined when it is not known to have failed. */
  get errorAt(): number | undefined {
    const at = this.board.errorAt[this.row];
    return at === NEVER ? undefined : at;
  }

  /** How often it came back from error without a success since. */
  get retries(): number {
    return this.board.retries[this.row];
  }

  /** Health checks that count toward `hcpasses`: passed since the member was taken out. */
  get checksPassed(): number {
    return this.board.checksPassed[this.row];
  }

  /** Health checks that count toward `hcfails`: failed since the member was last brought back. */
  get checksFailed(): number {
    return this.board.checksFailed[this.row];
  }

  /** Standing in the choice (lbstatus); 0 at the start. */
  get standing(): number {
    return this.board.standing[this.row];
  }

  /** Times chosen, failed attempts and session requests included. */
  get elected(): number {
    return this.board.electedOf(this.row);
  }

  /** Requests in progress. */
  get busy(): number {
    return this.board.busyOf(this.row);
  }

  /** Octets sent to it, as its protocol counts them (modproxy.md §7). */
  get sentBytes(): number {
    return this.board.sentOf(this.row);
  }

  /** Octets received from it, as its protocol counts them (modproxy.md §7). */
  get receivedBytes(): number {
    return this.board.receivedOf(this.row);
  }
}
