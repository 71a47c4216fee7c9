// Requests that a running frontend is asked to explain: those for which SetEnvIf (outside sections) set the variable
// `catflap-explain`. One event per request in the error log, and a note in one line for the access log. Only the
// configuration can ask: a client cannot set a variable.

import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { EXPLAIN_VARIABLE } from '../../site/check/check-explaining.ts';
import type { Visit } from '../visit.ts';
import type { Explanation } from './explanation.ts';
import { RequestTrace } from './request-trace.ts';

/** Requests explained per second; those beyond it are counted in the next event. */
const EXPLAINED_PER_SECOND = 20;

export class ExplainLog {
  readonly #clock: Clock;
  readonly #log: Log;
  #second = 0;
  #count = 0;
  #leftOut = 0;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** A trace for a visit whose host is known; undefined when too many requests are to be explained. */
  begin(visit: Visit): RequestTrace | undefined {
    const second = Math.floor(this.#clock.now() / 1000);
    if (second !== this.#second) this.#count = 0;
    this.#second = second;
    if (++this.#count > EXPLAINED_PER_SECOND) {
      this.#leftOut++;
      return undefined;
    }
    const trace = new RequestTrace();
    const { connection } = visit.exchange;
    visit.site.hostFor(connection.localAddress, connection.localPort, visit.clientName, trace);
    return trace;
  }

  /** The exchange is over. Call it before the access log is written. */
  finish(visit: Visit, trace: RequestTrace): void {
    trace.finished(visit);
    const { explanation } = trace;
    if (explanation === undefined || trace.isRehearsal) return;
    const { env: _, ...facts } = explanation;
    // A warning, so that it is seen under the LogLevel that most have: somebody asked for it.
    this.#log.warn('request-explained', { ...facts, ...(this.#leftOut > 0 ? { leftOut: this.#leftOut } : {}) });
    this.#leftOut = 0;
    visit.exchange.setNote(EXPLAIN_VARIABLE, explainInOneLine(explanation));
  }
}

/** `mapping=conf/httpd.conf:12 session=cookie/a member=ajp://… why="…"`, for a line of a log. */
export function explainInOneLine({ passes, session, elections }: Explanation): string {
  const rule = passes[0]?.mapping.rule;
  const parts = [`mapping=${rule === undefined ? 'none' : `${rule.place.file}:${rule.place.line}`}`];
  if (passes[0]?.access?.isAllowed === false) parts.push('access=refused');
  const { found } = session ?? {};
  if (session?.looksFor !== undefined)
    parts.push(`session=${found === undefined ? 'none' : `${found.source}/${found.route ?? ''}`}`);
  for (const { chosen, why, failure } of elections) {
    parts.push(`member=${chosen ?? 'none'} why="${why}"`);
    if (failure !== undefined) parts.push(`failed=${failure.code}`);
  }
  return parts.join(' ');
}
