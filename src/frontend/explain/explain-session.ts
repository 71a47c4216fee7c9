// Which session a request names, what hides another, and what is odd about it: for people. The finder that serves is
// asked. Part of `request-trace.ts`.

import type { BalancerConfig } from '../../balancer/config.ts';
import { POLICIES } from '../../balancer/policy.ts';
import { Session, type SessionSearch } from '../../balancer/stickiness.ts';
import type { Fields } from '../../base/fields.ts';
import type { SessionFacts, SessionFound } from './explanation.ts';

/** Octets of a session id that are shown: enough to know it again, too few to take it over. */
const ID_SHOWN = 6;

/** @param url path and query as the finder gets them */
export function sessionFacts(
  config: BalancerConfig,
  finder: SessionSearch | undefined,
  url: string,
  fields: Fields,
): SessionFacts | undefined {
  if (POLICIES[config.policy].isDirect) return undefined;
  const { stickiness } = config;
  const routes = new Set(config.members.map((member) => member.route).filter((route) => route !== ''));
  if (finder === undefined || stickiness === undefined) {
    const isNamed = /jsessionid=/i.test(`${url} ${fields.getAll('Cookie').join(' ')}`);
    const remarks = isNamed
      ? ['the balancer has no stickysession, so the session id that the request carries is not looked at']
      : [];
    return { looksFor: undefined, found: undefined, hidden: [], remarks };
  }
  const all = finder.findAll(url, fields);
  const current = new Session();
  const isFound = finder.find(url, fields, current);
  const hidden = all.slice(isFound ? 1 : 0);
  const remarks: string[] = [];
  const { cookieName, pathName, separator } = stickiness;
  if (isFound && current.route === undefined)
    remarks.push(
      `the id has no route (nothing follows "${separator}"): any member may be chosen; has the backend a jvmRoute?`,
    );
  else if (isFound && !routes.has(current.route as string))
    remarks.push(`no member has the route "${current.route}": it is as if the session had none`);
  const known = hidden.find((session) => session.route !== undefined && routes.has(session.route));
  if (known !== undefined && !(current.route !== undefined && routes.has(current.route)))
    remarks.push(
      `${sourceText(known)} names the member route "${known.route}", but ${sourceText(current)} comes first and hides it`,
    );
  if (!isFound) remarks.push(...missedNames(url, fields, cookieName, pathName));
  return {
    looksFor: cookieName === pathName ? cookieName : `${cookieName}|${pathName}`,
    found: isFound ? facts(current) : undefined,
    hidden: hidden.map(facts),
    remarks,
  };
}

function facts({ id = '', route, source = 'cookie', name = '' }: Session): SessionFound {
  const own = route === undefined ? id : id.slice(0, Math.max(0, id.length - route.length - 1));
  const shown = own.length > ID_SHOWN ? `${own.slice(0, ID_SHOWN)}…` : own;
  return { source, name, id: shown, route };
}

function sourceText({ source, name }: Session): string {
  return source === 'url' ? `${name}= in the URL` : `a cookie ${name}`;
}

/** Names that only differ in letter case, or that stand where the other name is looked for. */
function missedNames(url: string, fields: Fields, cookieName: string, pathName: string): string[] {
  const remarks: string[] = [];
  const inUrl = nameNear(url, pathName);
  if (inUrl !== undefined)
    remarks.push(`${inUrl}= stands in the URL, but the name looked for there is ${pathName}: letter case counts`);
  const inCookie = nameNear(fields.getAll('Cookie').join('; '), cookieName);
  if (inCookie !== undefined)
    remarks.push(`there is a cookie ${inCookie}, but the name looked for is ${cookieName}: letter case counts`);
  return remarks;
}

function nameNear(text: string, name: string): string | undefined {
  if (name === '') return undefined;
  const at = text.toLowerCase().indexOf(`${name.toLowerCase()}=`);
  if (at < 0) return undefined;
  const found = text.slice(at, at + name.length);
  return found === name ? undefined : found;
}
