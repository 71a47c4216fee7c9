// Deadlines for thousands of connections at no allocation: one list per distinct delay. Entries of a list are in the
// order in which they fall due, so arming is an append, disarming an unlink, and each list needs one timer.

import type { Clock } from '../base/clock.ts';

/** Something that may run out of time. A connection holds one and arms it again and again. */
export class Deadline {
  /** Called when the delay has passed without `disarm` or another `arm`. */
  readonly onExpiry: () => void;
  list: DeadlineList | undefined = undefined;
  previous: Deadline | undefined = undefined;
  next: Deadline | undefined = undefined;
  dueAt = 0;

  constructor(onExpiry: () => void) {
    this.onExpiry = onExpiry;
  }
}

/** All deadlines of one thread. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #fault: (error: unknown) => void;
  readonly #lists = new Map<number, DeadlineList>();

  /** @param fault told when an `onExpiry` throws: the other deadlines are kept all the same */
  constructor(clock: Clock, fault: (error: unknown) => void) {
    this.#clock = clock;
    this.#fault = fault;
  }

  /**
   * Starts or restarts a deadline. `delayMs` should come from configuration: each distinct value costs a list. Less than
   * 1 is 1: a deadline that arms itself again must not fall due within the same instant for ever.
   */
  arm(deadline: Deadline, delayMs: number): void {
    if (deadline.list !== undefined) deadline.list.unlink(deadline);
    let list = this.#lists.get(delayMs);
    if (list === undefined) {
      list = new DeadlineList(this.#clock, Math.max(1, delayMs), this.#fault);
      this.#lists.set(delayMs, list);
    }
    list.append(deadline);
  }

  disarm(deadline: Deadline): void {
    if (deadline.list !== undefined) deadline.list.unlink(deadline);
  }
}

class DeadlineList {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #fault: (error: unknown) => void;
  #first: Deadline | undefined = undefined;
  #last: Deadline | undefined = undefined;
  #isTicking = false;

  constructor(clock: Clock, delayMs: number, fault: (error: unknown) => void) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#fault = fault;
  }

  append(deadline: Deadline): void {
    deadline.dueAt = this.#clock.now() + this.#delayMs;
    deadline.list = this;
    deadline.previous = this.#last;
    deadline.next = undefined;
    if (this.#last === undefined) this.#first = deadline;
    else this.#last.next = deadline;
    this.#last = deadline;
    if (!this.#isTicking) this.#tick(this.#delayMs);
  }

  unlink(deadline: Deadline): void {
    if (deadline.previous === undefined) this.#first = deadline.next;
    else deadline.previous.next = deadline.next;
    if (deadline.next === undefined) this.#last = deadline.previous;
    else deadline.next.previous = deadline.previous;
    deadline.list = undefined;
    deadline.previous = undefined;
    deadline.next = undefined;
  }

  /** The timer runs on while entries come and go, and stops by itself when it finds the list empty. */
  #tick(delayMs: number): void {
    this.#isTicking = true;
    this.#clock.after(delayMs, () => {
      const now = this.#clock.now();
      for (let due = this.#first; due !== undefined && due.dueAt <= now; due = this.#first) {
        this.unlink(due);
        this.#expire(due);
      }
      // Only now: what an expiry has armed stands behind those that were waiting before.
      this.#isTicking = false;
      if (this.#first !== undefined) this.#tick(Math.max(1, this.#first.dueAt - this.#clock.now()));
    });
  }

  #expire(due: Deadline): void {
    try {
      due.onExpiry();
    } catch (error) {
      this.#fault(error);
    }
  }
}
