// What is probably not meant with balancers and their members: routes, sessions, standbys, attempts. Place in the
// picture: floor 3; `check.ts` asks for it. Each is as httpd does it, silently (modproxy.md §3.2, §5–§8).

import type { BalancerConfig, MemberConfig } from '../../balancer/config.ts';
import { textOf } from '../../config/files.ts';
import type { Findings, Place } from '../../config/finding.ts';

/** @param isMapped some mapping leads to it */
export function checkBalancer(balancer: BalancerConfig, isMapped: boolean, findings: Findings): void {
  const look = new Look(balancer, findings);
  checkMembers(look, isMapped);
  checkRoutes(look, isMapped);
  checkStickiness(look);
  checkStandbys(look);
  checkAttempts(look);
}

/** One balancer, and where to tell what is found. */
class Look {
  readonly balancer: BalancerConfig;
  readonly members: readonly MemberConfig[];
  readonly name: string;
  readonly place: Place;
  readonly #findings: Findings;

  constructor(balancer: BalancerConfig, findings: Findings) {
    this.balancer = balancer;
    this.members = balancer.members;
    this.name = `balancer://${textOf(balancer.name)}`;
    this.place = balancer.place ?? { file: '', line: 0 };
    this.#findings = findings;
  }

  /** Where a parameter of the balancer was given; the balancer's own line when that is not known. */
  placeOf(parameter: string): Place {
    return this.balancer.parameterPlaces?.get(parameter) ?? this.place;
  }

  has(parameter: string): boolean {
    return this.balancer.parameterPlaces?.has(parameter) === true;
  }

  /** @param place of a parameter: the message names it, whatever directive it stands on */
  warn(code: string, message: string, place?: Place): void {
    this.#findings.warn(place ?? this.place, place === undefined ? '<Proxy>' : '', code, message);
  }

  note(code: string, message: string, place: Place): void {
    this.#findings.note(place, '', code, message);
  }

  warnMember(member: MemberConfig, code: string, message: string): void {
    this.#findings.warn(member.place ?? this.place, 'BalancerMember', code, message);
  }

  noteMember(member: MemberConfig, code: string, message: string): void {
    this.#findings.note(member.place ?? this.place, 'BalancerMember', code, message);
  }
}

function checkMembers(look: Look, isMapped: boolean): void {
  const { members, name } = look;
  if (!isMapped) return;
  if (members.length === 0) look.warn('balancer-empty', `${name} has no members: every request to it is answered 503`);
  else if (members.every(({ flags }) => flags.disabled || flags.stopped))
    look.warn(
      'members-all-out',
      `every member of ${name} is disabled or stopped: every request to it is answered 503; take D and S out of status= of one`,
    );
  for (const member of members)
    if (member.flags.inError && !member.flags.stopped)
      look.warnMember(
        member,
        'error-without-effect',
        'status=+E has no lasting effect: the first request tries the member, as if it had not been written; write status=+D to keep it out',
      );
}

// --- routes and sessions --------------------------------------------------------------------------------------------

function checkRoutes(look: Look, isMapped: boolean): void {
  const { members, name, balancer } = look;
  const routes = new Map<string, string>();
  for (const member of members) {
    if (member.route === '') continue;
    const other = routes.get(member.route);
    // A standby of the same route takes over its sessions: that is meant.
    if (other !== undefined && !member.flags.standby)
      look.warnMember(
        member,
        'route-twice',
        `the route ${textOf(member.route)} belongs to ${textOf(other)} too: all its sessions go to the first of them that is usable`,
      );
    else if (other === undefined) routes.set(member.route, member.url);
  }
  for (const member of members)
    if (member.redirect !== '' && !routes.has(member.redirect))
      look.warnMember(member, 'redirect-unknown', `no member of ${name} has the route ${textOf(member.redirect)}`);
    else if (member.redirect !== '' && member.redirect === member.route)
      look.warnMember(
        member,
        'redirect-to-itself',
        `redirect=${textOf(member.redirect)} is its own route, so it changes nothing; name the route of another member`,
      );
  if (isMapped && balancer.stickiness === undefined && routes.size > 0)
    look.warn(
      'routes-without-stickiness',
      `members of ${name} have routes but sessions are not looked for; add stickysession=JSESSIONID|jsessionid to its ProxyPass or ProxySet`,
    );
  const withoutRoute = members.find((member) => member.route === '');
  if (balancer.stickiness !== undefined && members.length > 1 && withoutRoute !== undefined)
    look.warnMember(
      withoutRoute,
      'stickiness-without-route',
      `has no route, so its sessions do not stay with it; add route= as the backend's jvmRoute says`,
    );
}

/** Parameters that mean something only when sessions are looked for. */
const SESSION_PARAMETERS = ['nofailover', 'stickysessionsep', 'scolonpathdelim'];

function checkStickiness(look: Look): void {
  const { balancer, members, name } = look;
  const { stickiness } = balancer;
  if (stickiness === undefined) {
    for (const parameter of SESSION_PARAMETERS)
      if (look.has(parameter))
        look.warn(
          'needs-stickysession',
          `${parameter}= of ${name} has no effect: without stickysession= no session is looked for`,
          look.placeOf(parameter),
        );
    return;
  }
  const place = look.placeOf('stickysession');
  const { cookieName, pathName } = stickiness;
  if (cookieName === pathName && cookieName === 'JSESSIONID')
    look.note(
      'session-in-url-missed',
      `stickysession=JSESSIONID finds cookies only: Tomcat writes ;jsessionid= into URLs, in lower case, for browsers without cookies; write stickysession=JSESSIONID|jsessionid`,
      place,
    );
  else if (cookieName.toUpperCase() === 'JSESSIONID' && cookieName !== 'JSESSIONID')
    look.warn(
      'session-cookie-missed',
      `stickysession=${textOf(cookieName)} does not find Tomcat's cookie: it is called JSESSIONID, and letter case counts; write stickysession=JSESSIONID|jsessionid`,
      place,
    );
  if (stickiness.force && members.length === 1)
    look.note(
      'nofailover-alone',
      `nofailover=On changes nothing for ${name}: it has one member, so no session can go elsewhere`,
      look.placeOf('nofailover'),
    );
}

// --- who stands in for whom -----------------------------------------------------------------------------------------

function isActive({ flags }: MemberConfig): boolean {
  return !flags.standby && !flags.spare;
}

function checkStandbys(look: Look): void {
  const { members } = look;
  const activeSets = members.filter(isActive).map(({ set }) => set);
  if (activeSets.length === 0) return;
  for (const member of members) {
    const { set, flags } = member;
    if (isActive(member) || activeSets.includes(set)) continue;
    const later = activeSets.find((other) => other > set);
    if (flags.spare)
      look.warnMember(
        member,
        'spare-alone',
        `is a spare in lbset ${set}, in which nobody can be missing: it is never chosen; give it the lbset of those that it shall stand in for`,
      );
    else if (later !== undefined)
      look.warnMember(
        member,
        'standby-first',
        `is a standby, but alone in lbset ${set} it is chosen before those of lbset ${later}; give it the same lbset, or a higher one`,
      );
    else
      look.noteMember(
        member,
        'standby-alone',
        `status=+H means nothing in an lbset of its own: lbset=${set} alone keeps it until those of lower sets are out`,
      );
  }
}

function checkAttempts(look: Look): void {
  const { balancer, members, name } = look;
  const { maxAttempts } = balancer;
  if (maxAttempts === undefined) return;
  const place = look.placeOf('maxattempts');
  if (members.length > 1 && maxAttempts === 0)
    look.note(
      'no-failover',
      `maxattempts=0 lets no other member of ${name} be tried: a request whose member has just failed is answered 503`,
      place,
    );
  else if (maxAttempts < members.length - 1)
    look.note(
      'attempts-too-few',
      `maxattempts=${maxAttempts} tries ${maxAttempts + 1} of the ${members.length} members of ${name}: with as many out of order a request is answered 503 though others work; leave it out to try each once`,
      place,
    );
}
