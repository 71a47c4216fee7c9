// The numbers of one balancer in shared memory, so that several threads balance as one. A row is a member. Standings
// and states have one cell per row; counters that only add, and requests in progress, have a column per thread with
// one writer each, and readers sum. The lock word names its owner: a thread that died inside cannot stop the others.

const LOCK = 0;
const ROWS = 1;
const THREADS = 2;
const SEIZURES = 3;
/** Where the last free election of an lb worker ended; most requests it had at once. */
const OFFSET = 4;
const MAX_BUSY = 5;
const HEADER_WORDS = 16;

/** Index into `times`. */
export const MAINTAINED = 0;
export const RESET = 1;
const TIMES = 2;

const FREE = 0;
/** Tries before a waiting thread sleeps; the work under the lock takes well under a microsecond. */
const SPIN_TRIES = 2000;
/**
 * Sleeps of 1 ms before the lock is taken from its owner, who must be dead by then. Not shorter: on a busy machine a
 * living owner was seen off the processor for 5 ms and more.
 */
const SLEEP_ROUNDS = 100;

/** Rows come in multiples of this, so that columns of different threads share no cache line. */
export const ROW_STEP = 16;
/** Most threads that can share a board. */
export const MAX_THREADS = 1024;

/** A member that never failed. */
export const NEVER: number = Number.NEGATIVE_INFINITY;

/** One balancer's shared memory, as one thread sees it. */
export class Scoreboard {
  readonly buffer: SharedArrayBuffer;
  /** Rows there are, spare ones included; also the distance between two columns. */
  readonly rows: number;
  readonly threads: number;
  /** The column this thread writes, from 0. */
  readonly thread: number;
  /** Start of this thread's column: `column + row` is its cell. */
  readonly column: number;

  /** By row: observed bits (`BIT.error`, `BIT.healthFailed`). Change them with Atomics only. */
  readonly states: Int32Array;
  /** By row: how often it was taken back from error without a success since. */
  readonly retries: Int32Array;
  /** By row: health checks passed while it was out, and failed while it was not, since that last changed. */
  readonly checksPassed: Int32Array;
  readonly checksFailed: Int32Array;
  /** By row: standing in the choice (httpd: lbstatus). Written under the lock. */
  readonly standing: Float64Array;
  /** By row: when it went into error, on the process's steady clock; `NEVER` when it did not. */
  readonly errorAt: Float64Array;
  /** By row, for lb workers: errors, those of clients, answers that came too late, requests without a session. */
  readonly errors: Int32Array;
  readonly clientErrors: Int32Array;
  readonly replyTimeouts: Int32Array;
  readonly sessions: Int32Array;
  /** By row: most requests in progress at once. */
  readonly maxBusy: Int32Array;
  /** By row: when it began to fail, `NEVER` while it does not; when it came back from error; times chosen as maintenance found them. */
  readonly firstErrorAt: Float64Array;
  readonly returnedAt: Float64Array;
  readonly electedSeen: Float64Array;
  /** By row: when its counters were set to 0, on the steady clock. */
  readonly resetAt: Float64Array;
  /** Of the balancer: the last maintenance, and when its counters were set to 0; `NEVER` on a fresh board. */
  readonly times: Float64Array;
  /** By row: what the sums of the columns were at the last reset. */
  readonly electedBase: Float64Array;
  readonly sentBase: Float64Array;
  readonly receivedBase: Float64Array;
  /** By column and row: requests in progress. */
  readonly busy: Int32Array;
  /** By column and row: times chosen; octets sent to the member; octets received from it. */
  readonly elected: Float64Array;
  readonly sent: Float64Array;
  readonly received: Float64Array;

  readonly #words: Int32Array;
  readonly #me: number;

  /**
   * A fresh board, or this thread's view of one that another thread made.
   * @param buffer memory of the other thread's board; undefined makes a new one
   */
  constructor(shape: { rows: number; threads: number } | SharedArrayBuffer, thread = 0) {
    const isNew = !(shape instanceof SharedArrayBuffer);
    const header = isNew ? undefined : new Int32Array(shape, 0, HEADER_WORDS);
    const rows = isNew ? Math.ceil(Math.max(1, shape.rows) / ROW_STEP) * ROW_STEP : (header as Int32Array)[ROWS];
    const threads = isNew ? shape.threads : (header as Int32Array)[THREADS];
    if (!(threads >= 1 && threads <= MAX_THREADS) || !(thread >= 0 && thread < threads))
      throw new RangeError(`thread ${thread} of ${threads} cannot have a column`);
    this.rows = rows;
    this.threads = threads;
    this.thread = thread;
    this.column = thread * rows;
    const layout = new Layout(rows, threads);
    this.buffer = isNew ? new SharedArrayBuffer(layout.bytes) : shape;
    this.#me = thread + 1;
    this.#words = layout.ints(this.buffer, HEADER_WORDS);
    this.states = layout.ints(this.buffer, rows);
    this.retries = layout.ints(this.buffer, rows);
    this.checksPassed = layout.ints(this.buffer, rows);
    this.checksFailed = layout.ints(this.buffer, rows);
    this.errors = layout.ints(this.buffer, rows);
    this.clientErrors = layout.ints(this.buffer, rows);
    this.replyTimeouts = layout.ints(this.buffer, rows);
    this.sessions = layout.ints(this.buffer, rows);
    this.maxBusy = layout.ints(this.buffer, rows);
    this.busy = layout.ints(this.buffer, rows * threads);
    this.standing = layout.floats(this.buffer, rows);
    this.errorAt = layout.floats(this.buffer, rows);
    this.firstErrorAt = layout.floats(this.buffer, rows);
    this.returnedAt = layout.floats(this.buffer, rows);
    this.electedSeen = layout.floats(this.buffer, rows);
    this.resetAt = layout.floats(this.buffer, rows);
    this.times = layout.floats(this.buffer, TIMES);
    this.electedBase = layout.floats(this.buffer, rows);
    this.sentBase = layout.floats(this.buffer, rows);
    this.receivedBase = layout.floats(this.buffer, rows);
    this.elected = layout.floats(this.buffer, rows * threads);
    this.sent = layout.floats(this.buffer, rows * threads);
    this.received = layout.floats(this.buffer, rows * threads);
    if (isNew) {
      this.#words[ROWS] = rows;
      this.#words[THREADS] = threads;
      for (const times of [this.errorAt, this.firstErrorAt, this.returnedAt, this.times]) times.fill(NEVER);
    }
  }

  /**
   * Takes the lock. Between `lock` and `unlock` nothing is called, allocated or awaited: only arithmetic on the board.
   * Waiting is bounded (about 0.1 s): after that the owner is taken for dead and the lock is seized. Should it be alive
   * after all, some standings end up a little off; nothing else depends on the lock.
   */
  lock(): void {
    if (Atomics.compareExchange(this.#words, LOCK, FREE, this.#me) !== FREE) this.#contend();
  }

  /** Gives the lock back, unless it was seized meanwhile. */
  unlock(): void {
    Atomics.compareExchange(this.#words, LOCK, this.#me, FREE);
  }

  /** Thread that holds the lock, -1 for none. */
  get lockOwner(): number {
    return Atomics.load(this.#words, LOCK) - 1;
  }

  /** How often the lock was taken from an owner who did not give it back. */
  get seizures(): number {
    return Atomics.load(this.#words, SEIZURES);
  }

  /** For the main thread, after `thread` has ended: frees the lock it may hold and forgets its requests in progress. */
  forgetThread(thread: number): void {
    Atomics.compareExchange(this.#words, LOCK, thread + 1, FREE);
    const start = thread * this.rows;
    for (let cell = start; cell < start + this.rows; cell++) Atomics.store(this.busy, cell, 0);
  }

  /** Requests in progress at a member, of all threads. */
  busyOf(row: number): number {
    let sum = 0;
    for (let cell = row; cell < this.busy.length; cell += this.rows) sum += this.busy[cell];
    return sum;
  }

  electedOf(row: number): number {
    return this.#sum(this.elected, row) - this.electedBase[row];
  }

  sentOf(row: number): number {
    return this.#sum(this.sent, row) - this.sentBase[row];
  }

  receivedOf(row: number): number {
    return this.#sum(this.received, row) - this.receivedBase[row];
  }

  /** Lets both traffic counters of a row count from 0 again. */
  resetTraffic(row: number): void {
    this.sentBase[row] = this.#sum(this.sent, row);
    this.receivedBase[row] = this.#sum(this.received, row);
  }

  /** Makes a row as new: for a member that comes to a row nobody uses. */
  clearRow(row: number): void {
    Atomics.store(this.states, row, 0);
    Atomics.store(this.retries, row, 0);
    this.checksPassed[row] = 0;
    this.checksFailed[row] = 0;
    this.standing[row] = 0;
    this.errorAt[row] = NEVER;
    this.firstErrorAt[row] = NEVER;
    this.returnedAt[row] = NEVER;
    this.resetAt[row] = 0;
    this.resetCounters(row);
  }

  /** Lets all that is counted of a row count from 0 again. */
  resetCounters(row: number): void {
    this.errors[row] = 0;
    this.clientErrors[row] = 0;
    this.replyTimeouts[row] = 0;
    this.sessions[row] = 0;
    this.maxBusy[row] = 0;
    this.electedSeen[row] = 0;
    this.electedBase[row] = this.#sum(this.elected, row);
    this.resetTraffic(row);
  }

  /** The place in the order of members at which the next free election of an lb worker begins. */
  get offset(): number {
    return this.#words[OFFSET];
  }

  set offset(offset: number) {
    this.#words[OFFSET] = offset;
  }

  /** Most requests that the balancer had at once. */
  get balancerMaxBusy(): number {
    return this.#words[MAX_BUSY];
  }

  set balancerMaxBusy(count: number) {
    this.#words[MAX_BUSY] = count;
  }

  /** Takes over what another board knows about the balancer as a whole. */
  copyBalancer(from: Scoreboard): void {
    this.times.set(from.times);
    this.offset = from.offset;
    this.balancerMaxBusy = from.balancerMaxBusy;
  }

  /** Takes over what another board knows about a member, requests in progress excepted: they end on their own board. */
  copyRow(row: number, from: Scoreboard, fromRow: number): void {
    Atomics.store(this.states, row, from.states[fromRow]);
    Atomics.store(this.retries, row, from.retries[fromRow]);
    this.checksPassed[row] = from.checksPassed[fromRow];
    this.checksFailed[row] = from.checksFailed[fromRow];
    this.standing[row] = from.standing[fromRow];
    this.errorAt[row] = from.errorAt[fromRow];
    this.firstErrorAt[row] = from.firstErrorAt[fromRow];
    this.returnedAt[row] = from.returnedAt[fromRow];
    this.electedSeen[row] = from.electedSeen[fromRow];
    this.resetAt[row] = from.resetAt[fromRow];
    this.errors[row] = from.errors[fromRow];
    this.clientErrors[row] = from.clientErrors[fromRow];
    this.replyTimeouts[row] = from.replyTimeouts[fromRow];
    this.sessions[row] = from.sessions[fromRow];
    this.maxBusy[row] = from.maxBusy[fromRow];
    this.electedBase[row] = this.#sum(this.elected, row) - from.electedOf(fromRow);
    this.sentBase[row] = this.#sum(this.sent, row) - from.sentOf(fromRow);
    this.receivedBase[row] = this.#sum(this.received, row) - from.receivedOf(fromRow);
  }

  #sum(columns: Float64Array, row: number): number {
    let sum = 0;
    for (let cell = row; cell < columns.length; cell += this.rows) sum += columns[cell];
    return sum;
  }

  #contend(): void {
    const words = this.#words;
    const me = this.#me;
    for (let tries = 0; tries < SPIN_TRIES; tries++) {
      if (Atomics.load(words, LOCK) === FREE && Atomics.compareExchange(words, LOCK, FREE, me) === FREE) return;
    }
    for (let round = 0; round < SLEEP_ROUNDS; round++) {
      const owner = Atomics.compareExchange(words, LOCK, FREE, me);
      if (owner === FREE) return;
      Atomics.wait(words, LOCK, owner, 1);
    }
    if (Atomics.exchange(words, LOCK, me) !== FREE) Atomics.add(words, SEIZURES, 1);
  }
}

/** Hands out the parts of the buffer one after another: whole numbers first, so that all floats stay aligned. */
class Layout {
  readonly bytes: number;
  #next = 0;

  constructor(rows: number, threads: number) {
    const ints = HEADER_WORDS + 9 * rows + rows * threads;
    const floats = TIMES + 9 * rows + 3 * rows * threads;
    this.bytes = 4 * ints + 8 * floats;
  }

  ints(buffer: SharedArrayBuffer, count: number): Int32Array {
    const part = new Int32Array(buffer, this.#next, count);
    this.#next += part.byteLength;
    return part;
  }

  floats(buffer: SharedArrayBuffer, count: number): Float64Array {
    const part = new Float64Array(buffer, this.#next, count);
    this.#next += part.byteLength;
    return part;
  }
}
