// Session ids in URLs: `;jsessionid=ID` is a path parameter (RFC 3986 §3.3) for clients that take no cookies. It is
// taken off before the application routes the URL, and put on links that the application hands out.

import { SESSION_ID_LENGTH_MAX } from './id.ts';

/** Tomcat's name of the path parameter; its letter case matters. */
export const DEFAULT_PARAMETER_NAME = 'jsessionid';

export interface StrippedUrl {
  /** The URL without the parameter. */
  readonly url: string;
  /** The id it carried; with several, the last one, as in Tomcat. */
  readonly id: string | undefined;
}

/** Takes every `;jsessionid=…` off the path of a request target. Other path parameters and the query stay as they are. */
export function stripSessionId(target: string, name: string = DEFAULT_PARAMETER_NAME): StrippedUrl {
  if (!target.includes(';')) return { url: target, id: undefined };
  const mark = `;${name}=`;
  let pathEnd = target.indexOf('?');
  if (pathEnd < 0) pathEnd = target.length;
  let id: string | undefined;
  let kept = '';
  let from = 0;
  for (let at = target.indexOf(mark); at >= 0 && at < pathEnd; at = target.indexOf(mark, from)) {
    kept += target.slice(from, at);
    const valueAt = at + mark.length;
    from = valueAt;
    while (from < pathEnd && target[from] !== ';' && target[from] !== '/') from++;
    if (from > valueAt && from - valueAt <= SESSION_ID_LENGTH_MAX) id = target.slice(valueAt, from);
  }
  return from === 0 ? { url: target, id: undefined } : { url: kept + target.slice(from), id };
}

/** Where links may take a session id: never to another host, scheme or context. */
export interface LinkScope {
  /** `https://host:port` of the request, lower case; undefined refuses absolute URLs. */
  readonly origin: string | undefined;
  readonly contextPath: string;
}

/** Puts `;jsessionid=ID` behind the path of a link that stays in the scope; returns other links as they are. */
export function encodeURL(url: string, id: string, scope: LinkScope, name: string = DEFAULT_PARAMETER_NAME): string {
  if (url.startsWith('#')) return url;
  const bare = stripSessionId(url, name).url;
  const pathAt = pathStart(bare, scope.origin);
  if (pathAt < 0) return url;
  let pathEnd = bare.slice(pathAt).search(/[?#]/);
  pathEnd = pathEnd < 0 ? bare.length : pathAt + pathEnd;
  const path = bare.slice(pathAt, pathEnd);
  if (path === '' || (path.startsWith('/') && !isWithin(path, scope.contextPath))) return url;
  return `${bare.slice(0, pathEnd)};${name}=${id}${bare.slice(pathEnd)}`;
}

/** Index at which the path of a link begins; -1 when the link leaves the origin. */
function pathStart(url: string, origin: string | undefined): number {
  if (url.startsWith('//')) return -1;
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/.exec(url);
  if (scheme === null) return 0;
  if (origin === undefined || url.slice(0, origin.length).toLowerCase() !== origin) return -1;
  const next = url[origin.length];
  return next === undefined || next === '/' || next === '?' || next === '#' ? origin.length : -1;
}

function isWithin(path: string, contextPath: string): boolean {
  if (!path.startsWith(contextPath)) return false;
  const next = path[contextPath.length];
  return next === undefined || next === '/' || next === ';';
}
