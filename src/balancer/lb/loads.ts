// The load values by which an lb worker of mod_jk chooses (modjk.md §4): what a request adds to its member's, and when.
// They stand on the scoreboard as the members' standing.

import type { Clock } from '../../base/clock.ts';
import type { LbConfig } from '../lb-config.ts';
import type { Member } from '../member.ts';
import { NEVER, type Scoreboard } from '../scoreboard.ts';
import type { LbProgress } from './progress.ts';

/** Smallest share that a member begins with that has come back (catflap.<lb>.slow_start). */
const FIRST_SHARE = 0.1;
/** Largest lb_mult: many large factors without a common divisor would leave the whole numbers. */
const MULT_MAX = 2 ** 40;

/** lb_mult of each member: the least common multiple of all factors by its own. */
export function multipliersOf(factors: readonly number[]): number[] {
  const all = factors.reduce(
    (multiple, factor) => Math.min(MULT_MAX, (multiple / divisor(multiple, factor)) * factor),
    1,
  );
  return factors.map((factor) => Math.max(1, Math.floor(all / factor)));
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

export class LbLoads {
  readonly #config: LbConfig;
  readonly #members: readonly Member[];
  readonly #board: Scoreboard;
  readonly #clock: Clock;
  /** By member. */
  readonly multipliers: readonly number[];

  constructor(config: LbConfig, members: readonly Member[], board: Scoreboard, clock: Clock) {
    this.#config = config;
    this.#members = members;
    this.#board = board;
    this.#clock = clock;
    this.multipliers = multipliersOf(members.map((member) => member.config.lb?.factor ?? 1));
  }

  /** A request enters the member. @param isNew it names no session and is to be counted as one */
  entered(member: Member, progress: LbProgress, isNew: boolean): void {
    const { method } = this.#config;
    const counts = method === 'request' || method === 'busyness' || (isNew && method !== 'traffic');
    progress.given = counts ? this.#multiplierOf(member) : 0;
    if (counts) this.#add(member, progress.given);
  }

  /** It leaves; octets as in the packets of AJP. */
  left(member: Member, progress: LbProgress, bytes: number): void {
    const { method } = this.#config;
    if (method === 'traffic') this.#add(member, bytes * this.#multiplierOf(member));
    else if (method === 'busyness') this.#add(member, -progress.given);
    progress.given = 0;
  }

  /** The member comes back: it is not to make up for the time it was out. */
  level(member: Member): void {
    if (this.#config.method === 'busyness') return;
    this.#board.standing[member.state.row] = this.highest();
    this.#board.returnedAt[member.state.row] = this.#clock.now();
  }

  highest(): number {
    return this.#members.reduce((highest, { state }) => Math.max(highest, this.#board.standing[state.row]), 0);
  }

  /** With slow start a member that came back costs more at first, so that it is chosen less. */
  #multiplierOf(member: Member): number {
    const own = this.multipliers[member.index];
    const { slowStartMs } = this.#config;
    const returnedAt = slowStartMs > 0 ? this.#board.returnedAt[member.state.row] : NEVER;
    if (returnedAt === NEVER) return own;
    const share = (this.#clock.now() - returnedAt) / slowStartMs;
    return share >= 1 ? own : Math.round(own / Math.max(share, FIRST_SHARE));
  }

  /** On the member's own board: a change at run time may have given the balancer a larger one meanwhile. */
  #add({ state }: Member, amount: number): void {
    const { board, row } = state;
    board.lock();
    board.standing[row] = Math.max(0, board.standing[row] + amount);
    board.unlock();
  }
}
