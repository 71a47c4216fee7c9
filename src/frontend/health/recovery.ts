// CatflapProbe: members in error are asked in the background whether they are back, so that no visitor has to be the probe
// and nobody waits for `retry`. Ours, not httpd's. It never puts a member in error; that stays with requests and checks.

import type { Balancer } from '../../balancer/balancer.ts';
import { BIT, type Member } from '../../balancer/member.ts';
import type { Log } from '../../base/log.ts';
import { Deadline } from '../../link/deadlines.ts';
import type { SecureDial } from '../../link/dial.ts';
import type { HealthLimits } from '../../site/health-limits.ts';
import type { Backend } from '../upstream/backend.ts';
import { Probe, type ProbeAnswer } from './probe.ts';
import type { Question } from './question.ts';

/** Longest wait for an answer, whatever timeouts the member has: a member that is back answers at once. */
const PATIENCE_MS = 5_000;

/** A member to be asked. */
export interface Patient {
  readonly member: Member;
  readonly backend: Backend;
  /** TLS for a member that wants it. */
  readonly secure: SecureDial | undefined;
  readonly limits: HealthLimits;
}

export class Recovery {
  readonly #balancer: Balancer;
  readonly #patients: readonly Patient[];
  readonly #everyMs: number;
  readonly #log: Log;
  readonly #probes = new Map<Member, Probe>();
  readonly #deadline = new Deadline(() => this.#look());

  /** @param patients members that no health check looks after @param everyMs time between two looks at them */
  constructor(balancer: Balancer, patients: readonly Patient[], everyMs: number, log: Log) {
    this.#balancer = balancer;
    this.#patients = patients;
    this.#everyMs = everyMs;
    this.#log = log;
  }

  start(): void {
    const { link } = this.#patients[0].backend;
    link.deadlines.arm(this.#deadline, this.#everyMs);
  }

  stop(): void {
    this.#patients[0].backend.link.deadlines.disarm(this.#deadline);
    for (const probe of this.#probes.values()) probe.stop();
    this.#probes.clear();
  }

  #look(): void {
    this.start();
    for (const { member, backend, secure, limits } of this.#patients) {
      if (!isIll(member) || this.#probes.has(member)) continue;
      const patience = {
        connectMs: Math.min(limits.connectMs, PATIENCE_MS),
        answerMs: Math.min(limits.answerMs, PATIENCE_MS),
      };
      this.#probes.set(
        member,
        Probe.ask(backend, secure, questionFor(member), patience, (answer) => this.#heard(member, answer)),
      );
    }
  }

  #heard(member: Member, answer: ProbeAnswer): void {
    this.#probes.delete(member);
    const isWell = answer.kind === 'alive' || (answer.kind === 'http' && answer.head.status < 500);
    if (isWell) {
      this.#balancer.probed(member);
      return;
    }
    const cause = answer.kind === 'none' ? answer.cause : `status ${answer.head.status}`;
    this.#log.debug('member-probe-failed', { balancer: this.#balancer.config.name, member: member.config.url, cause });
  }
}

/** In error, and for want of an answer: what `failonstatus` saw, a probe would not see. */
function isIll({ state }: Member): boolean {
  const { bits, lastError } = state;
  return (bits & BIT.error) !== 0 && (bits & (BIT.stopped | BIT.disabled)) === 0 && lastError?.phase !== 'answer';
}

/** CPING over AJP, HEAD over HTTP, with TLS where requests have it. */
function questionFor({ config }: Member): Question {
  if (config.scheme === 'ajp') return { kind: 'ping' };
  return { kind: 'http', method: 'HEAD', target: config.path === '' ? '/' : config.path, minorVersion: 1 };
}
