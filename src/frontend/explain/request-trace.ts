// Listens to every decision about one request and makes an Explanation of them. The frontend, the site and the balancer
// tell what they decide while they decide it; without a trace nobody is told and nothing is allocated.

import type { Balancer } from '../../balancer/balancer.ts';
import type { Election } from '../../balancer/election.ts';
import type { Member } from '../../balancer/member.ts';
import type { Session } from '../../balancer/stickiness.ts';
import type { Failure } from '../../base/failure.ts';
import type { AccessTrace, Opinion } from '../../site/access/access.ts';
import type { HostReason, HostTrace } from '../../site/host.ts';
import type { CompiledMount } from '../../site/jk/mounts.ts';
import { applyMapping, type MappingTrace } from '../../site/mapping.ts';
import type { Host, Mapping, Written } from '../../site/model.ts';
import { mappingText, nearMiss } from '../../site/near-miss.ts';
import type { JkRules } from '../jk/jk-rules.ts';
import type { Backend } from '../upstream/backend.ts';
import type { ProxyRequest } from '../upstream/proxy-request.ts';
import type { Visit } from '../visit.ts';
import { backendFacts, shownValue } from './explain-backend.ts';
import { ElectionNotes, explainElection } from './explain-election.ts';
import { type JkAsked, jkMappingFacts } from './explain-jk.ts';
import { sessionFacts } from './explain-session.ts';
import type {
  AccessFacts,
  AnswerFacts,
  BackendFacts,
  ElectionFacts,
  Explanation,
  GoalFacts,
  HostFacts,
  MappingFacts,
  Named,
  PassFacts,
  RequestFacts,
  ResponseFacts,
  SessionFacts,
} from './explanation.ts';

/** Near rules, later rules, elections, variables and lines told of one request: the first of each. */
const LIST_MAX = 20;
const ENV_MAX = 100;

export class RequestTrace implements HostTrace, MappingTrace, AccessTrace {
  /** Nothing may leave the process and no counter may change: the request ends where it would be sent. */
  readonly isRehearsal: boolean;
  readonly #reached: () => void;
  #request: RequestFacts | undefined = undefined;
  #host: HostFacts | undefined = undefined;
  readonly #passes: PassFacts[] = [];
  /** Of the pass in progress. */
  #tried: { readonly mapping: Mapping; readonly path: string | undefined }[] = [];
  #access: AccessFacts | undefined = undefined;
  #lines: AccessFacts['lines'][number][] = [];
  #hasPass = false;
  #jk: JkAsked | undefined = undefined;
  #session: SessionFacts | undefined = undefined;
  readonly #elections: ElectionFacts[] = [];
  #backend: BackendFacts | undefined = undefined;
  #failure: Failure | undefined = undefined;
  #isAtBackend = false;
  #explanation: Explanation | undefined = undefined;

  /** @param reached given for a rehearsal: called once where a backend would be asked */
  constructor(reached?: () => void) {
    this.isRehearsal = reached !== undefined;
    this.#reached = reached ?? (() => {});
  }

  /** Complete when the exchange has ended. */
  get explanation(): Explanation | undefined {
    return this.#explanation;
  }

  // --- host, mapping, access ----------------------------------------------------------------------------------------

  hostChosen(host: Host, reason: HostReason, group: readonly Host[]): void {
    this.#host = {
      name: host.serverName,
      place: host.place,
      reason,
      asked: undefined,
      others: group
        .filter((other) => other !== host)
        .map(hostName)
        .slice(0, LIST_MAX),
    };
  }

  /** A walk through mapping, access and handler begins. */
  passBegins(): void {
    this.#hasPass = true;
    this.#tried = [];
    this.#jk = undefined;
    this.#access = undefined;
  }

  mappingTried(mapping: Mapping, path: string | undefined): void {
    this.#tried.push({ mapping, path });
  }

  /** Rules of mod_jk were asked about a path. */
  jkAsked(rules: JkRules, path: string, found: CompiledMount | undefined): void {
    this.#jk = { rules, path, found };
  }

  judgingBegins(): void {
    this.#lines = [];
  }

  lineAsked({ text, place }: Written, opinion: Opinion): void {
    if (this.#lines.length < LIST_MAX) this.#lines.push({ text, place, opinion });
  }

  /** @param hasRules some rule is in force */
  accessJudged(hasRules: boolean, isAllowed: boolean): void {
    this.#access = { isAllowed, hasRules, lines: hasRules ? this.#lines : [] };
  }

  // --- balancing ----------------------------------------------------------------------------------------------------

  /** An election is about to be held: it is held on a copy first, which tells how it goes. */
  electing(balancer: Balancer, request: ProxyRequest, session: Session, state: Election): void {
    if (this.#elections.length === 0) {
      const url = request.query === undefined ? request.path : `${request.path}?${request.query}`;
      this.#session = sessionFacts(balancer.config, balancer.sessions, url, request.exchange.request.fields);
    }
    if (this.#elections.length >= LIST_MAX) return;
    const notes = new ElectionNotes();
    const election = state.copy();
    const member = balancer.rehearse(notes).elect(session, election);
    this.#elections.push(explainElection(balancer, notes, election, member, session.route));
  }

  /** A member was elected. @returns true when nothing more is to be done: a rehearsal ends here */
  elected(member: Member, request: ProxyRequest, backend: Backend, timeoutMs: number): boolean {
    const last = this.#elections.length - 1;
    // Where chance decides, it may have decided otherwise on the copy.
    if (last >= 0) this.#elections[last] = { ...this.#elections[last], chosen: member.config.url };
    this.#backend = backendFacts(request, backend, timeoutMs);
    if (!this.isRehearsal) return false;
    this.#isAtBackend = true;
    this.#reached();
    return true;
  }

  attemptFailed(failure: Failure): void {
    const last = this.#elections.length - 1;
    if (last >= 0)
      this.#elections[last] = { ...this.#elections[last], failure: { code: failure.code, why: failure.message } };
  }

  // --- the end ------------------------------------------------------------------------------------------------------

  /** A page of a manager would answer. @returns true when nothing more is to be done */
  reachedPage(): boolean {
    if (!this.isRehearsal) return false;
    this.#isAtBackend = true;
    this.#reached();
    return true;
  }

  /** An error is about to be answered. */
  failed(failure: Failure | undefined): void {
    this.#failure ??= failure;
  }

  /** The exchange is over, and the visit still there. */
  finished(visit: Visit): void {
    this.passEnds(visit);
    const { exchange } = visit;
    const { connection, request } = exchange;
    this.#request = {
      method: visit.originalMethod ?? request.method,
      target: request.target,
      client: exchange.clientAddress,
      arrivedAt: `${connection.localAddress.includes(':') ? `[${connection.localAddress}]` : connection.localAddress}:${connection.localPort}`,
      isSecure: connection.tls !== undefined,
      isRehearsal: this.isRehearsal,
    };
    this.#explanation = {
      request: this.#request,
      host: this.#host === undefined ? undefined : { ...this.#host, asked: visit.clientName },
      passes: this.#passes,
      env: Object.fromEntries(
        [...(exchange.env ?? [])].slice(0, ENV_MAX).map(([name, value]) => [name, shownValue(name, value)]),
      ),
      session: this.#session,
      elections: this.#elections,
      backend: this.#backend,
      response: responseFacts(visit),
      answer: this.#isAtBackend ? undefined : this.#answer(visit),
    };
  }

  #answer({ exchange }: Visit): AnswerFacts {
    const failure = this.#failure ?? exchange.failure;
    return {
      status: exchange.response.status,
      location: exchange.response.fields.get('Location'),
      code: failure?.code,
      why: failure?.message,
    };
  }

  /** The walk is over, before the visit is given another path. */
  passEnds(visit: Visit): void {
    if (!this.#hasPass || this.#passes.length >= LIST_MAX) return;
    this.#hasPass = false;
    const { forms, settings, host } = visit;
    this.#passes.push({
      path: forms.raw,
      decoded: forms.status === 0 ? forms.decoded : undefined,
      mapping: this.#mapping(visit),
      sections: host.settings.sectionsIn(settings).map(({ title, place }) => ({ text: title, place })),
      access: this.#access,
      goal: this.#access === undefined ? { kind: 'none' } : goalFacts(visit),
    });
  }

  #mapping({ host: { host }, forms, query }: Visit): MappingFacts {
    const taken = this.#tried.find((each) => each.path !== undefined);
    const jk = this.#jk === undefined ? undefined : jkMappingFacts(this.#jk, LIST_MAX);
    if (jk !== undefined && taken === undefined) return { ...jk, otherCount: jk.otherCount + this.#tried.length };
    const missed = this.#tried.filter((each) => each.path === undefined);
    const nearly = missed.flatMap(({ mapping }) => {
      const why = nearMiss(mapping, forms, query);
      return why === undefined ? [] : [{ ...named(mapping), why }];
    });
    const after = taken === undefined ? [] : host.mappings.slice(host.mappings.indexOf(taken.mapping) + 1);
    const later = after.filter((mapping) => applyMapping(mapping, forms, false) !== undefined);
    return {
      rule: taken === undefined ? undefined : named(taken.mapping),
      path: taken?.path === '' ? undefined : taken?.path,
      nearly: nearly.slice(0, LIST_MAX),
      later: later.map(named).slice(0, LIST_MAX),
      otherCount: missed.length - nearly.length,
    };
  }
}

function goalFacts({ goal, handler }: Visit): GoalFacts {
  if (goal.kind === 'file') return { kind: 'file', file: goal.file?.file };
  if (goal.kind === 'page') return { kind: 'page', handler: handler ?? '' };
  if (goal.kind === 'jk') return { kind: 'worker', name: goal.jk?.name ?? '', type: goal.jk?.worker?.kind };
  const { target } = goal;
  const text =
    target?.kind === 'proxy' ? target.authority + goal.path : target?.kind === 'unavailable' ? target.url : '';
  return { kind: 'proxy', target: text };
}

function responseFacts({ settings }: Visit): ResponseFacts {
  const { errorOverride, reverseRules = [], headerOps = [] } = settings;
  return {
    reverse: reverseRules.map(({ kind, internal, external, place }) => ({
      text: `${REVERSE_NAMES[kind]} ${internal} -> ${external}`,
      place,
    })),
    headers: headerOps
      .filter((op) => op.target !== 'request')
      .map(({ target, action, name, place }) => ({
        text: `Header ${target === 'response-always' ? 'always ' : ''}${action} ${name}`,
        place,
      })),
    overrides: errorOverride?.on === true ? errorOverride.statuses.join(' ') || '400 and above' : undefined,
  };
}

const REVERSE_NAMES = {
  url: 'ProxyPassReverse',
  'cookie-path': 'ProxyPassReverseCookiePath',
  'cookie-domain': 'ProxyPassReverseCookieDomain',
} as const;

function named(mapping: Mapping): Named {
  return { text: mappingText(mapping), place: mapping.place };
}

function hostName({ serverName, place }: Host): Named {
  return { text: serverName, place };
}
