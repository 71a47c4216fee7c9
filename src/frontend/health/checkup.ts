// The health checks of one member: asks it every `hcinterval` after the last answer, one question at a time, and lets the
// balancer count. What was found last is kept for pages.

import type { Balancer } from '../../balancer/balancer.ts';
import { BIT, type Member } from '../../balancer/member.ts';
import type { Log, LogFields } from '../../base/log.ts';
import type { Expression } from '../../config/expression/expression.ts';
import { Deadline } from '../../link/deadlines.ts';
import type { SecureDial } from '../../link/dial.ts';
import type { HealthLimits } from '../../site/health-limits.ts';
import type { Backend } from '../upstream/backend.ts';
import { Probe, type ProbeAnswer } from './probe.ts';
import type { Question } from './question.ts';
import { judge } from './verdict.ts';

/** Results kept for each member; one more lets the oldest go. */
export const RESULTS_MAX = 10;

/** What one check found. */
export interface CheckResult {
  /** When it ended, ms since 1970. */
  readonly at: number;
  readonly hasPassed: boolean;
  /** `answered`, `status 503`, `ECONNREFUSED` … */
  readonly cause: string;
  readonly tookMs: number;
}

export interface CheckupPlan {
  readonly balancer: Balancer;
  readonly member: Member;
  readonly backend: Backend;
  /** TLS for a member that wants it; undefined without, and where SSLProxyEngine is off. */
  readonly secure: SecureDial | undefined;
  readonly question: Question;
  readonly condition: Expression | undefined;
  readonly limits: HealthLimits;
  readonly log: Log;
}

export class Checkup {
  /** The last results, oldest first. */
  readonly results: CheckResult[] = [];
  readonly #plan: CheckupPlan;
  readonly #deadline: Deadline;
  #probe: Probe | undefined = undefined;
  #askedAt = 0;
  #dueAt = 0;

  constructor(plan: CheckupPlan) {
    this.#plan = plan;
    this.#deadline = new Deadline(() => this.#ask());
  }

  get member(): Member {
    return this.#plan.member;
  }

  /** True while an answer is waited for. */
  get isAsking(): boolean {
    return this.#probe !== undefined;
  }

  /**
   * Begins: the first check comes after one interval.
   * @param previous the checkup of the same member before a reload, which has the same parameters: its time goes on
   */
  start(previous?: Checkup): void {
    const { intervalMs } = this.member.config.healthCheck;
    if (previous === undefined) {
      this.#wait(intervalMs);
      return;
    }
    this.results.push(...previous.results);
    const { clock } = this.#plan.backend.link;
    this.#wait(previous.isAsking ? 0 : Math.max(0, previous.#dueAt - clock.now()));
  }

  /** No check is wanted any more; an answer that is waited for is forgotten. */
  stop(): void {
    this.#plan.backend.link.deadlines.disarm(this.#deadline);
    this.#probe?.stop();
    this.#probe = undefined;
  }

  #wait(ms: number): void {
    const { clock, deadlines } = this.#plan.backend.link;
    this.#dueAt = clock.now() + ms;
    deadlines.arm(this.#deadline, ms);
  }

  #ask(): void {
    const { backend, secure, question, limits, member } = this.#plan;
    if ((member.state.bits & BIT.stopped) !== 0) {
      this.#wait(member.config.healthCheck.intervalMs);
      return;
    }
    this.#askedAt = backend.link.clock.now();
    this.#probe = Probe.ask(backend, secure, question, limits, (answer) => this.#heard(answer));
  }

  #heard(answer: ProbeAnswer): void {
    const { backend, condition, log, question } = this.#plan;
    const { clock } = backend.link;
    this.#probe = undefined;
    const verdict = judge(answer, question.kind === 'http' ? question.method : '', condition);
    if (verdict === undefined) {
      log.error('member-check-impossible', { ...this.#facts(), cause: answer.kind === 'none' ? answer.cause : '' });
    } else {
      const result = { at: clock.wall(), ...verdict, tookMs: Math.round(clock.now() - this.#askedAt) };
      this.#tell(result);
      if (this.results.length >= RESULTS_MAX) this.results.shift();
      this.results.push(result);
      this.#plan.balancer.checked(this.member, verdict.hasPassed, verdict.cause);
    }
    this.#wait(this.member.config.healthCheck.intervalMs);
  }

  /** Every check is an event; those that say something new are worth a line by default. */
  #tell({ hasPassed, cause, tookMs }: CheckResult): void {
    const { log } = this.#plan;
    const { state, config } = this.member;
    const before = this.results.at(-1);
    const isNew = before?.hasPassed !== hasPassed || before.cause !== cause;
    const isOut = (state.bits & (BIT.healthFailed | BIT.error)) !== 0;
    const facts = { ...this.#facts(), cause, tookMs };
    if (hasPassed) {
      const passes = `${state.checksPassed + 1} of ${config.healthCheck.passes}`;
      if (isOut) log.info('member-check-passed', { ...facts, passes });
      else log.debug('member-check-passed', facts);
    } else if (!isOut) {
      log.warn('member-check-failed', { ...facts, fails: `${state.checksFailed + 1} of ${config.healthCheck.fails}` });
    } else if (isNew) log.warn('member-check-failed', facts);
    else log.debug('member-check-failed', facts);
  }

  #facts(): LogFields {
    const { url, healthCheck } = this.member.config;
    return { balancer: this.#plan.balancer.config.name, member: url, method: healthCheck.method };
  }
}
