// What mod_jk leaves in the notes of a request for the logs of its host: worker, route, duration, and the first and the
// last member that was asked (modjk.md §3). Kept only where a log reads it; written when the request is over.

import type { Balancer } from '../../balancer/balancer.ts';
import { memberFigures } from '../../balancer/lb/figures.ts';
import { ACTIVATION_TEXTS } from '../../balancer/lb/states.ts';
import type { Member } from '../../balancer/member.ts';
import type { Clock } from '../../base/clock.ts';
import { Expression } from '../../config/expression/expression.ts';
import { writeAccessLogs } from '../../listener/access-log.ts';
import type { Exchange } from '../../listener/exchange.ts';
import type { Host, JkTarget, JkWorker } from '../../site/model.ts';
import type { Visit } from '../visit.ts';

const MICROSECONDS = 1_000_000;
const PREFIX = 'JK_';

/** Whether a log of the host shows notes of mod_jk. */
export function readsJkNotes({ accessLogs, jk }: Host): boolean {
  if (jk?.requestLogFormat !== undefined) return true;
  return accessLogs.some(
    ({ format, condition }) =>
      condition instanceof Expression ||
      format.some((part) => part.kind === 'field' && part.name === 'n' && part.argument?.startsWith(PREFIX) === true),
  );
}

export class JkAccount {
  readonly #name: string;
  readonly #worker: JkWorker | undefined;
  readonly #clock: Clock;
  readonly #beganAt: number;
  #route: string | undefined = undefined;
  /** Who was asked last, and what was to be said of the first and of the last when they were done with. */
  #balancer: Balancer | undefined = undefined;
  #member: Member | undefined = undefined;
  #first: readonly string[] | undefined = undefined;
  #last: readonly string[] | undefined = undefined;

  constructor({ name, worker }: JkTarget, clock: Clock) {
    this.#name = name;
    this.#worker = worker;
    this.#clock = clock;
    this.#beganAt = clock.now();
  }

  /** A member was elected. */
  chosen(balancer: Balancer, member: Member, route: string | undefined): void {
    this.#route = route;
    this.#balancer = balancer;
    this.#member = member;
  }

  /** The request has left the member. */
  left(): void {
    if (this.#worker?.kind !== 'lb') return;
    this.#last = factsOf(this.#balancer as Balancer, this.#member as Member);
    this.#first ??= this.#last;
  }

  /** The request is over: writes the notes, and the lines of JkRequestLogFormat. */
  finish(visit: Visit): void {
    const { exchange, host } = visit;
    const worker = this.#worker;
    exchange.setNote('JK_WORKER_NAME', this.#name);
    if (worker !== undefined) {
      exchange.setNote('JK_WORKER_TYPE', worker.kind === 'ajp' ? worker.type : worker.kind);
      if (this.#route !== undefined) exchange.setNote('JK_WORKER_ROUTE', this.#route);
      exchange.setNote('JK_REQUEST_DURATION', durationText(this.#clock.now() - this.#beganAt));
    }
    if (this.#first !== undefined) noteFacts(exchange, 'FIRST', this.#first);
    if (this.#last !== undefined) noteFacts(exchange, 'LAST', this.#last);
    writeAccessLogs(host.jkLogs, exchange, visit, this.#clock);
  }
}

/** What is told of a member, in this order. */
const FACTS = 'NAME VALUE ACCESSED SESSIONS READ TRANSFERRED ERRORS BUSY ACTIVATION STATE'.split(' ');
const NO_CONNECTIONS = { connected: 0, maxConnected: 0 };

function factsOf(balancer: Balancer, member: Member): readonly string[] {
  const { lbValue, elected, sessions, read, transferred, errors, busy, state } = memberFigures(
    balancer,
    member,
    NO_CONNECTIONS,
  );
  const numbers = [lbValue, elected, sessions, read, transferred, errors, busy].map(String);
  return [member.name, ...numbers, ACTIVATION_TEXTS[member.config.lb?.activation ?? 'active'], state];
}

function noteFacts(exchange: Exchange, which: 'FIRST' | 'LAST', facts: readonly string[]): void {
  for (const [at, name] of FACTS.entries()) exchange.setNote(`JK_LB_${which}_${name}`, facts[at]);
}

/** Seconds with six digits. @param elapsedMs of the clock */
function durationText(elapsedMs: number): string {
  const micros = Math.max(0, Math.round(elapsedMs * 1000));
  return `${Math.floor(micros / MICROSECONDS)}.${String(micros % MICROSECONDS).padStart(6, '0')}`;
}
