// What is probably not meant in an lb worker that loads: sessions that find no member, redirects and domains that lead
// nowhere, tries that end too early, recovery later than it is written. Part of `check-jk.ts`. Source: modjk.md §4, §5.1.

import type { BalancerConfig, MemberConfig } from '../../balancer/config.ts';
import type { LbConfig } from '../../balancer/lb-config.ts';
import { similarNames } from '../../config/expression/names.ts';
import type { Findings, Place } from '../../config/finding.ts';
import { shown } from '../../config/modjk/properties.ts';
import type { JkSite } from '../model.ts';

export function checkLb(balancer: BalancerConfig, lb: LbConfig, jk: JkSite, findings: Findings): void {
  const look = new Look(balancer, jk, findings);
  for (const member of balancer.members) {
    checkRoute(look, member);
    checkRedirect(look, member);
  }
  checkLetterCase(look);
  checkDomains(look);
  checkActivations(look);
  checkTries(look, lb);
  checkRecovery(look, lb);
}

/** One lb, and where to tell what is found. */
class Look {
  readonly name: string;
  readonly members: readonly MemberConfig[];
  readonly #place: Place;
  readonly #jk: JkSite;
  readonly #findings: Findings;

  constructor({ name, members, place }: BalancerConfig, jk: JkSite, findings: Findings) {
    this.name = name;
    this.members = members;
    this.#place = place ?? { file: '', line: 0 };
    this.#jk = jk;
    this.#findings = findings;
  }

  has(worker: string, property: string): boolean {
    return this.#jk.places.has(`worker.${worker}.${property}`);
  }

  /** At the first of these properties that is written, else at the lb. */
  warn(worker: string, properties: readonly string[], code: string, message: string): void {
    const key = this.#keyOf(worker, properties);
    this.#findings.warn(this.#jk.places.get(key) ?? this.#place, shown(key), code, message);
  }

  note(worker: string, properties: readonly string[], code: string, message: string): void {
    const key = this.#keyOf(worker, properties);
    this.#findings.note(this.#jk.places.get(key) ?? this.#place, shown(key), code, message);
  }

  #keyOf(worker: string, properties: readonly string[]): string {
    const keys = properties.map((property) => `worker.${worker}.${property}`);
    return keys.find((key) => this.#jk.places.has(key)) ?? keys[0];
  }
}

const ROUTE = ['route', 'jvm_route'];

function nameOf({ lb, url }: MemberConfig): string {
  return lb?.name ?? url;
}

/** Tomcat must say the route in its session ids: people look for the worker's name there. */
function checkRoute(look: Look, member: MemberConfig): void {
  const name = nameOf(member);
  if (member.route === name) return;
  const told = `sessions of ${shown(name)} end in .${shown(member.route)}: its Tomcat must have jvmRoute="${shown(member.route)}", not "${shown(name)}"`;
  look.note(name, ROUTE, 'route-is-not-name', told);
}

function checkRedirect(look: Look, member: MemberConfig): void {
  const { redirect } = member;
  if (redirect === '') return;
  const name = nameOf(member);
  const warn = (why: string, mend: string): void =>
    look.warn(name, ['redirect'], 'redirect-to-nobody', `${why}: sessions of ${shown(name)} go to any member; ${mend}`);
  if (redirect === member.route) {
    warn("is the member's own route", 'name the route of another');
    return;
  }
  if (look.members.some(({ route }) => route === redirect)) return;
  const others = look.members.filter((other) => other !== member);
  const named = others.find((other) => nameOf(other) === redirect);
  const similar = similarNames(
    redirect,
    others.map(({ route }) => route),
  ).map(shown);
  const mend =
    named !== undefined
      ? `a redirect names a route, and that of ${shown(redirect)} is ${shown(named.route)}`
      : similar.length > 0
        ? `did you mean ${similar.join(' or ')}? Letter case counts`
        : `routes here are ${others.map(({ route }) => shown(route)).join(', ')}`;
  warn(`no member of ${shown(look.name)} has the route "${shown(redirect)}"`, mend);
}

/** Routes and domains that only letter case tells apart: one of them is probably a slip. */
function checkLetterCase(look: Look): void {
  const seen = new Map<string, { readonly text: string; readonly owner: string }>();
  const compare = (kind: 'route' | 'domain', text: string, owner: string, properties: readonly string[]): void => {
    const key = `${kind} ${text.toLowerCase()}`;
    const other = seen.get(key);
    if (other === undefined) seen.set(key, { text, owner });
    else if (other.text !== text) {
      const told = `"${shown(text)}" and "${shown(other.text)}" of ${shown(other.owner)} differ in letter case alone, and it counts; write both alike, or give them other names`;
      look.warn(owner, properties, `${kind}-letter-case`, told);
    }
  };
  for (const member of look.members) {
    compare('route', member.route, nameOf(member), ROUTE);
    if (member.lb !== undefined && member.lb.domain !== '')
      compare('domain', member.lb.domain, nameOf(member), ['domain', ...ROUTE]);
  }
}

/** Nobody else of the domain can take its sessions. */
function checkDomains(look: Look): void {
  const count = new Map<string, number>();
  for (const { lb } of look.members) if (lb !== undefined) count.set(lb.domain, (count.get(lb.domain) ?? 0) + 1);
  for (const member of look.members) {
    const domain = member.lb?.domain ?? '';
    if (domain === '' || count.get(domain) !== 1) continue;
    const name = nameOf(member);
    const mend = look.has(name, 'domain')
      ? 'give those that share its sessions the same domain'
      : `its route "${shown(member.route)}" has a dot, which makes one of it; leave the dot out, or give others the domain`;
    const told = `${shown(name)} is the only member of the domain "${shown(domain)}", so that nobody there takes its sessions; ${mend}`;
    look.warn(name, ['domain', ...ROUTE], 'domain-without-peers', told);
  }
}

function checkActivations(look: Look): void {
  const { members } = look;
  if (members.length === 0 || members.some(({ lb }) => lb?.activation === 'active')) return;
  const told = `no member of ${shown(look.name)} is active, so that new sessions get 503; set activation=active for one of them`;
  look.warn(look.name, ['balance_workers', 'balanced_workers'], 'no-active-member', told);
}

/** A request that fails everywhere it is tried gets an error page, though a member might be left that would have served it. */
function checkTries(look: Look, lb: LbConfig): void {
  const { name, members } = look;
  const tried = lb.retries * Math.min(members.length, lb.lbRetries);
  if (tried >= members.length) return;
  const isWritten = look.has(name, 'lb_retries') || look.has(name, 'retries');
  const told = `a request is tried at ${tried} of ${members.length} members at most (retries ${lb.retries} × lb_retries ${lb.lbRetries}): when those are down it gets 503 though another is fine; write worker.${shown(name)}.lb_retries=${members.length}`;
  if (isWritten) look.warn(name, ['lb_retries', 'retries'], 'too-few-tries', told);
  else look.note(name, ['lb_retries'], 'too-few-tries', told);
}

/** Members in error are looked at in maintenance only. */
function checkRecovery(look: Look, { recoverMs, maintainMs }: LbConfig): void {
  const { name } = look;
  const properties = ['recover_time'];
  if (maintainMs === 0)
    look.warn(
      name,
      properties,
      'never-recovers',
      `with worker.maintain=0 nobody looks at members in error: they come back only when all are; write worker.maintain=60`,
    );
  else if (look.has(name, 'recover_time') && recoverMs % maintainMs !== 0) {
    const [least, period] = [recoverMs / 1000, maintainMs / 1000];
    const told = `a member in error is looked at in maintenance, every ${period} s (worker.maintain), and so is tried again after ${least} to ${least + period} s; lower worker.maintain if that is too late`;
    look.note(name, properties, 'recovery-rounded-up', told);
  }
}
