// Where the members of a balancer stand on its scoreboard, over reloads: the same balancer and name keep their row, a
// newcomer gets an idle one, and a board that has become too small is replaced by a larger one with the same knowledge.

import { Failure } from '../base/failure.ts';
import { type BalancerConfig, MAX_MEMBERS } from './config.ts';
import { firstBits, memberName } from './member.ts';
import { Scoreboard } from './scoreboard.ts';

/** Rows kept free beside `growth`, so that a reload with a few new members stays on the same board. */
const SPARE_ROWS = 4;

/** A configuration and where its members stand. */
export interface Placed {
  readonly config: BalancerConfig;
  readonly board: Scoreboard;
  /** Row of each member, in the order of the configuration. */
  readonly rows: readonly number[];
}

/**
 * Finds rows for the members of `config`; `previous` is the placement in force so far.
 * @throws Failure `balancer-bad-members` when a URL stands twice or there are too many members
 */
export function place(config: BalancerConfig, threads: number, previous?: Placed): Placed {
  checkMembers(config);
  const old = previous?.config.name === config.name ? previous : undefined;
  const kept = new Map(old?.config.members.map((member, index) => [memberName(member), old.rows[index]]));
  const newcomers = config.members.filter((member) => !kept.has(memberName(member))).length;
  const idle = old === undefined ? [] : idleRows(old);
  if (old !== undefined && old.board.threads === threads && idle.length >= newcomers) {
    const rows = config.members.map((member) => {
      const row = kept.get(memberName(member)) ?? (idle.pop() as number);
      if (!kept.has(memberName(member))) begin(old.board, row, firstBits(member.flags));
      return row;
    });
    return { config, board: old.board, rows };
  }
  const board = new Scoreboard({ rows: config.members.length + config.growth + SPARE_ROWS, threads });
  if (old !== undefined) board.copyBalancer(old.board);
  config.members.forEach((member, row) => {
    const before = kept.get(memberName(member));
    if (old !== undefined && before !== undefined) board.copyRow(row, old.board, before);
    else begin(board, row, firstBits(member.flags));
  });
  return { config, board, rows: config.members.map((_, row) => row) };
}

function begin(board: Scoreboard, row: number, bits: number): void {
  board.clearRow(row);
  Atomics.store(board.states, row, bits);
}

/**
 * Rows that were in nobody's hands before this reload, highest first. Those of members that leave with this reload are
 * not among them: other threads, and requests under way, still know them by their old owner.
 */
function idleRows(placed: Placed): number[] {
  const used = new Set(placed.rows);
  const idle: number[] = [];
  for (let row = placed.board.rows - 1; row >= 0; row--)
    if (!used.has(row) && placed.board.busyOf(row) === 0) idle.push(row);
  return idle;
}

function checkMembers(config: BalancerConfig): void {
  const count = config.members.length;
  if (count + config.growth > MAX_MEMBERS)
    throw new Failure('balancer-bad-members', 'internal', `${config.name}: more than ${MAX_MEMBERS} members`);
  if (new Set(config.members.map(memberName)).size !== count)
    throw new Failure('balancer-bad-members', 'internal', `${config.name}: a member is named more than once`);
}
