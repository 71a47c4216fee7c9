// SetHandler balancer-manager: httpd's manager of balancers, under the same URLs, parameters and rules (managers.md), so
// that people, scripts and scrapers go on as before. Changes go through the site's overlay and are in force at once.

import { randomUUID } from 'node:crypto';
import type { BalancerConfig } from '../balancer/config.ts';
import type { Log } from '../base/log.ts';
import { answerPage, type PageHandler, type PageHost, readBody, refuseMethod } from '../frontend/page-handler.ts';
import type { RunningSite } from '../frontend/running-site.ts';
import type { Visit } from '../frontend/visit.ts';
import { type BalancerChanges, withAdded, withMember, withoutMember } from '../site/changes/overlay.ts';
import type { BalancerKey, Host } from '../site/model.ts';
import { readBalancerEdits, readNewMember, readRemoval } from './balancer-edits.ts';
import { htmlPage } from './balancer-manager-html.ts';
import { xmlPage } from './balancer-manager-xml.ts';
import { type BalancerView, memberNamed, viewBalancers } from './balancer-views.ts';
import { type Parameters, readParameters, refererHost } from './form.ts';
import { type MemberEdits, readMemberEdits } from './member-edits.ts';
import { PAGE_FIELDS } from './page-fields.ts';

/** Octets of a form that are read (httpd's number); what follows is ignored. */
export const FORM_BYTES_MAX = 1024;
/** What a GET may say; it changes nothing. */
const QUERY_NAMES: ReadonlySet<string> = new Set(['b', 'w', 'nonce', 'xml']);
const ALLOW = 'GET,POST,OPTIONS,HEAD';

export interface ManagerServices {
  readonly log: Log;
  /** Makes a token nobody can guess. Default: a random UUID. */
  readonly newNonce?: () => string;
}

/** The handler for one server: tokens of balancers that have none of their own live as long as it. */
export function balancerManager({ log, newNonce = randomUUID }: ManagerServices): PageHandler {
  return new BalancerManager(log, newNonce);
}

class BalancerManager implements PageHandler {
  readonly #log: Log;
  readonly #newNonce: () => string;
  /** At most one for each balancer that ever was in force. */
  readonly #nonces = new Map<BalancerKey, string>();

  constructor(log: Log, newNonce: () => string) {
    this.#log = log;
    this.#newNonce = newNonce;
  }

  handle(visit: Visit, frontend: PageHost): void {
    const { exchange } = visit;
    switch (exchange.request.method) {
      case 'GET':
      case 'HEAD':
        this.#answer(visit, frontend, readParameters(visit.query ?? '', QUERY_NAMES), false);
        return;
      case 'POST':
        readBody(exchange, FORM_BYTES_MAX, (text) => this.#answer(visit, frontend, readParameters(text), true));
        return;
      default:
        refuseMethod(visit, frontend, ALLOW);
    }
  }

  #answer(visit: Visit, frontend: PageHost, given: Parameters, isPost: boolean): void {
    const { site } = frontend;
    const host = sameHost(site, visit.host.host);
    const refused: string[] = [];
    const isOwn = refererHost(visit.exchange.request.fields.get('Referer')) === visit.requestName.toLowerCase();
    const parameters: Parameters = isOwn ? given : new Map();
    if (isPost && !isOwn && given.size > 0)
      refused.push('the request names no page of this server as its Referer, so its parameters are not heeded');
    const views = () => viewBalancers(site, host, (key, config) => this.#nonceOf(key, config));
    const name = parameters.get('b')?.toLowerCase();
    const find = () => views().find((view) => view.name === name);
    let balancer = find();
    let status = 200;
    let isNewMethod = false;
    if (balancer !== undefined && isPost) {
      if (balancer.nonce !== '' && parameters.get('nonce') === balancer.nonce) {
        const before = balancer;
        status = this.#edit(site, host, before, parameters, refused) ? 200 : 400;
        this.#tell(visit, before, parameters, refused);
        balancer = find();
        isNewMethod = balancer?.config.method !== before.config.method;
      } else refused.push(whyNonce(balancer));
    }
    const url = parameters.get('w');
    const member = balancer === undefined || url === undefined ? undefined : memberNamed(balancer, url);
    const isXml = parameters.has('xml') && status === 200;
    const text = isXml
      ? xmlPage(views(), host, frontend.link.clock)
      : htmlPage({
          serverName: nameOf(visit),
          path: pathOf(visit),
          action: `${visit.origin}${pathOf(visit)}`,
          host,
          savesChanges: host.persistsChanges && frontend.server.savesChanges,
          views: views(),
          balancer,
          member,
          refused,
          showsHealth: site.snapshot.server.modules.has('proxy_hcheck'),
          health: site.health,
          healthExpressions: [...site.snapshot.healthExpressions],
        });
    // As in httpd this page still shows what the old method knew, and the next request finds a fresh one.
    if (isNewMethod) balancer?.running.balancer.methodChanged();
    answerPage(visit, {
      status,
      type: isXml ? 'text/xml' : 'text/html; charset=ISO-8859-1',
      body: Buffer.from(text, 'latin1'),
      fields: PAGE_FIELDS,
    });
  }

  /** Carries out what a form asks. @returns false when a member could not be added or taken out */
  #edit(site: RunningSite, host: Host, view: BalancerView, parameters: Parameters, refused: string[]): boolean {
    const url = parameters.get('w');
    const member = url === undefined ? undefined : memberNamed(view, url);
    let changes: BalancerChanges = view.changes;
    let edits: MemberEdits | undefined;
    if (member !== undefined) {
      edits = readMemberEdits(parameters, member.config, view.members.length === 1, expressionsOf(site));
      refused.push(...edits.refused);
      changes = withMember(changes, member.config.url, given(edits.changes));
    }
    const { method, ...rest } = readBalancerEdits(parameters, refused);
    changes = { ...changes, ...given({ method, ...rest }) };
    const added = readNewMember(parameters, view, host);
    if (added !== undefined && 'member' in added) changes = withAdded(changes, added.member);
    const removal = member === undefined ? false : readRemoval(parameters, view, member);
    if (member !== undefined && removal === true) changes = withoutMember(changes, member.config.url);
    site.balancers.change(view.key, changes);
    const { balancer } = site.balancer(view.key) ?? view.running;
    const now = balancer.members.find(({ config }) => config.url === member?.config.url);
    if (now !== undefined && edits?.healthFailed === true) balancer.checkFailed(now);
    if (now !== undefined && edits?.healthFailed === false) balancer.forgetCheck(now);
    if (edits?.hasLoadFactor === true) balancer.factorChanged();
    if (added !== undefined && 'refused' in added) refused.push(added.refused);
    if (typeof removal === 'string') refused.push(removal);
    return !(added !== undefined && 'refused' in added) && typeof removal !== 'string';
  }

  /** Who changed what: an operator must be able to read it afterwards. */
  #tell(visit: Visit, view: BalancerView, parameters: Parameters, refused: readonly string[]): void {
    const asked = [...parameters].filter(([name]) => name.startsWith('w_') || name.startsWith('b_'));
    if (asked.length === 0) return;
    this.#log.info('balancer-changed', {
      balancer: view.key,
      member: parameters.get('w'),
      asked: asked.map(([name, value]) => `${name}=${value}`).join(' '),
      refused: refused.length === 0 ? undefined : refused.join('; '),
      client: visit.clientAddress,
      user: visit.exchange.user,
    });
  }

  #nonceOf(key: BalancerKey, config: BalancerConfig): string {
    if (config.nonce !== undefined) return config.nonce === 'None' ? '' : config.nonce;
    let nonce = this.#nonces.get(key);
    if (nonce === undefined) {
      nonce = this.#newNonce();
      this.#nonces.set(key, nonce);
    }
    return nonce;
  }
}

/** The host in the site in force: a reload may have come while the form came. */
function sameHost(site: RunningSite, host: Host): Host {
  const { mainHost, hosts } = site.snapshot;
  return [mainHost, ...hosts].find(({ id }) => id === host.id) ?? host;
}

function whyNonce({ name, nonce }: BalancerView): string {
  return nonce === ''
    ? `balancer://${name} has nonce=None, so it takes no changes`
    : `the token (nonce) is not that of balancer://${name}; load the page again`;
}

/** Name of the server for people; httpd writes no brackets around an address. */
function nameOf({ requestName }: Visit): string {
  return requestName.replace(/^\[|\]$/g, '');
}

/** Path of the request without its query, as sent. */
function pathOf(visit: Visit): string {
  return visit.forms.encoded;
}

/** Names that forms may give, with the keys of the snapshot. */
function expressionsOf(site: RunningSite): Map<string, string> {
  return new Map([...site.snapshot.healthExpressions.keys()].map((name) => [name, name]));
}

/** Without what was not asked for. */
function given<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
