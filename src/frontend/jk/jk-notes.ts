// What mod_jk leaves in the notes of a request for the logs of its host: worker, route, duration, and the first and the
// last member that was asked (modjk.md §3). Kept only where a log reads it; written when the request is over.

import type { Balancer } from '../../balancer/balancer.ts';
import type { Member } from '../../balancer/member.ts';
import type { Clock } from '../../base/clock.ts';
import { Expression } from '../../config/expression/expression.ts';
import type { Exchange } from '../../listener/exchange.ts';
import type { AjpWorker, Host, LbWorker } from '../../site/model.ts';

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
  readonly #worker: LbWorker | AjpWorker;
  readonly #clock: Clock;
  readonly #beganAt: number;
  #route: string | undefined = undefined;

  constructor(worker: LbWorker | AjpWorker, clock: Clock) {
    this.#worker = worker;
    this.#clock = clock;
    this.#beganAt = clock.now();
  }

  /** A member was elected; the one before is done with. */
  chosen(_balancer: Balancer, _member: Member, route: string | undefined): void {
    this.#route = route;
  }

  /** The request is over. */
  write(exchange: Exchange): void {
    const worker = this.#worker;
    exchange.setNote('JK_WORKER_NAME', worker.name);
    exchange.setNote('JK_WORKER_TYPE', worker.kind === 'lb' ? 'lb' : worker.type);
    if (this.#route !== undefined) exchange.setNote('JK_WORKER_ROUTE', this.#route);
    exchange.setNote('JK_REQUEST_DURATION', durationText(this.#clock.now() - this.#beganAt));
  }
}

/** Seconds with six digits. @param elapsedMs of the clock */
function durationText(elapsedMs: number): string {
  const micros = Math.max(0, Math.round(elapsedMs * 1000));
  return `${Math.floor(micros / MICROSECONDS)}.${String(micros % MICROSECONDS).padStart(6, '0')}`;
}
