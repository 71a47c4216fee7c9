// Why a member was elected, for people: what the engine told of an election that was held on a copy of the balancer.
// Part of `request-trace.ts`.

import type { Balancer } from '../../balancer/balancer.ts';
import type { Election } from '../../balancer/election.ts';
import type { LbMethod } from '../../balancer/lb-config.ts';
import { BIT, type Member } from '../../balancer/member.ts';
import type { ElectionTrace, Verdict } from '../../balancer/trace.ts';
import type { ElectionFacts, MemberFacts } from './explanation.ts';

/** Takes down what the engine tells. */
export class ElectionNotes implements ElectionTrace {
  readonly verdicts = new Map<Member['index'], string>();
  readonly remarks: string[] = [];
  /** The last route that a member was looked for by. */
  route: string | undefined = undefined;

  errorsForgotten(): void {
    this.remarks.push('every member was in error, so all errors are forgotten at once (forcerecovery)');
  }

  returned({ config }: Member): void {
    this.remarks.push(`${config.url} was in error and may be tried again`);
  }

  routed({ config, index }: Member, route: string, isUsable: boolean): void {
    this.route = route;
    if (isUsable) return;
    const redirect = config.redirect === '' ? '' : `, redirect=${config.redirect} leads on`;
    this.verdicts.set(index, 'unusable, though the session wants it');
    this.remarks.push(`${config.url} has the route "${route}" and is unusable${redirect}`);
  }

  considered({ index }: Member, verdict: Verdict): void {
    if (!this.verdicts.has(index)) this.verdicts.set(index, VERDICTS[verdict]);
  }
}

const VERDICTS: Readonly<Record<Verdict, string>> = {
  offered: 'candidate',
  unusable: 'unusable',
  drained: 'drained: only its own sessions come',
  'spare-not-needed': 'spare: nobody is missing',
  'standby-not-needed': 'standby: others can be had',
};

/** How each method decides. */
const METHODS: Readonly<Record<string, string>> = {
  byrequests: 'byrequests: highest standing once every candidate was given its load factor, first in the file on a tie',
  bytraffic: 'bytraffic: least traffic so far per load factor, first in the file on a tie',
  bybusyness: 'bybusyness: fewest requests in progress, then highest standing, then first in the file',
  heartbeat:
    'heartbeat: by chance, in proportion to the free threads that hosts told of; another time it may be another',
};

/** How each method of an lb worker decides; distance comes before all of them. */
const LB_METHODS: Readonly<Record<LbMethod, string>> = {
  request: 'method=Request: nearest, then lowest load value; every request adds lb_mult; equals take turns',
  session: 'method=Session: nearest, then lowest load value; requests without a session add lb_mult; equals take turns',
  next: 'method=Next: nearest, then lowest load value; requests without a session add lb_mult; equals take turns',
  traffic: 'method=Traffic: nearest, then lowest load value; octets times lb_mult are added; equals take turns',
  busyness:
    'method=Busyness: nearest, then lowest load value; requests in progress count lb_mult each; equals take turns',
};

/** @param member who was elected on the copy; undefined for nobody */
export function explainElection(
  balancer: Balancer,
  notes: ElectionNotes,
  election: Election,
  member: Member | undefined,
  route: string | undefined,
): ElectionFacts {
  const { config } = balancer;
  const { isDirect } = balancer.policy;
  const free = member?.config.set;
  return {
    balancer: isDirect
      ? config.name
      : config.lb === undefined
        ? `balancer://${config.name}`
        : `lb worker ${config.name}`,
    place: config.place,
    isDirect,
    method: config.lb?.method ?? config.method,
    members: balancer.members.map((each) =>
      memberFacts(balancer, each, notes.verdicts.get(each.index) ?? unlooked(each, election, free)),
    ),
    chosen: member?.config.url,
    why: isDirect ? 'a direct target has one member' : reason(balancer, election, route ?? notes.route),
    isRouteChanged: election.routeChanged,
    remarks: notes.remarks,
  };
}

function reason({ config }: Balancer, election: Election, route: string | undefined): string {
  switch (election.reason) {
    case 'route':
      return `the session's route "${route}" is its route`;
    case 'redirect':
      return `the session's route "${route}" leads here by redirect=, its own member being unusable`;
    case 'domain':
      return `the session's route "${route}" leads here by its domain`;
    case 'standby':
      return 'nobody else is usable, and a redirect leads here (hot standby)';
    case 'choice':
      if (config.lb !== undefined) return LB_METHODS[config.lb.method];
      return METHODS[config.method] ?? config.method;
    case 'forced':
      return `nobody: the member of the session's route "${route}" is unusable, and nofailover=On keeps the session from others`;
    case 'none':
      return config.members.length === 0
        ? 'nobody: the balancer has no members'
        : `nobody: no member is usable${election.mayWait ? `; it is waited up to ${config.timeoutMs / 1000} s for one (timeout=)` : ''}`;
  }
}

/** A member that the election never looked at. */
function unlooked({ config, state }: Member, election: Election, chosenSet: number | undefined): string {
  if (election.reason === 'route' || election.reason === 'redirect') return state.isUsable ? 'not asked' : 'unusable';
  return chosenSet !== undefined && config.set > chosenSet ? `set ${config.set} is not needed` : 'not asked';
}

function memberFacts(balancer: Balancer, member: Member, verdict: string): MemberFacts {
  const { config, state } = member;
  const { bits } = state;
  return {
    url: config.url,
    place: config.place,
    route: config.route,
    set: config.set,
    role: (bits & BIT.standby) !== 0 ? 'standby' : (bits & BIT.spare) !== 0 ? 'spare' : 'active',
    status: balancer.policy.statusOf(member),
    loadFactor: config.loadFactor / 100,
    standing: state.standing,
    busy: state.busy,
    elected: state.elected,
    sentBytes: state.sentBytes,
    receivedBytes: state.receivedBytes,
    verdict,
    lastError: state.lastError,
  };
}
