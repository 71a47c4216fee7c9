// A backend's URL as httpd takes it apart: scheme and host in lower case, a default port dropped from the name, path
// and everything after kept. Source: modproxy.md §1, §4.17 and recordings (P-CONF-12).

import { defaultPort, type MemberAddress } from '../balancer/config.ts';

export type WorkerUrl =
  | {
      readonly ok: true;
      readonly address: MemberAddress;
      /** As written, up to the path: what `<Proxy>` sections are compared with. */
      readonly authority: string;
      /** What follows the authority: path, and a query if somebody wrote one. */
      readonly rest: string;
      /** False for a scheme that nobody here speaks (fcgi, ftp …). */
      readonly isServed: boolean;
      /** User and password stood in the URL; they are dropped. */
      readonly hadCredentials: boolean;
    }
  | { readonly ok: false; readonly problem: string };

/** Schemes that a proxy here speaks. */
const SERVED: ReadonlySet<string> = new Set(['ajp', 'http', 'https', 'ws', 'wss']);

/** Takes a worker URL apart; `unix:/path|scheme://host/` too. */
export function parseWorkerUrl(text: string): WorkerUrl {
  const pipe = /^unix:([^|]*)\|/i.exec(text);
  const remote = pipe === null ? text : text.slice(pipe[0].length);
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?#]*)(.*))?$/s.exec(remote);
  const problem = `"${text}" is no absolute URL; write it as scheme://host:port/path`;
  if (match === null) return { ok: false, problem };
  const scheme = match[1].toLowerCase();
  let hostport = match[2] ?? '';
  if (hostport === '' && pipe !== null) hostport = 'localhost';
  const at = hostport.lastIndexOf('@');
  const written = hostport.slice(at + 1);
  const parts = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(written);
  if (parts === null) return { ok: false, problem: `"${text}" has a port that is no number` };
  const host = parts[1].replace(/^\[|\]$/g, '').toLowerCase();
  if (host === '') return { ok: false, problem };
  const port = Number(parts[2] ?? 0) === 0 ? defaultPort(scheme) : Number(parts[2]);
  if (port !== undefined && (port < 1 || port > 65535))
    return { ok: false, problem: `"${text}" has a port outside 1 to 65535` };
  const rest = match[3] ?? '';
  const isDefaultPort = (scheme === 'http' && port === 80) || (scheme === 'https' && port === 443);
  const shownHost = parts[1].startsWith('[') ? `[${host}]` : host;
  const shownPort = Number(parts[2] ?? 0) === 0 || isDefaultPort ? '' : `:${port}`;
  const unix = pipe === null ? '' : `unix:${pipe[1]}|`;
  return {
    ok: true,
    address: {
      url: `${unix}${scheme}://${shownHost}${shownPort}${rest}`,
      scheme,
      host,
      port: port ?? 0,
      path: rest,
      ...(pipe === null ? {} : { unixSocket: pipe[1] }),
    },
    authority: `${match[1]}://${written}`,
    rest,
    isServed: SERVED.has(scheme) && port !== undefined,
    hadCredentials: at >= 0,
  };
}

/**
 * Whether a worker of this name serves `url`: its name is a beginning of it that holds at least scheme, host and port.
 * As in httpd the match need not end at a path segment.
 */
export function servesUrl(name: string, url: string): boolean {
  const start = url.indexOf('://');
  const slash = url.indexOf('/', start + 3);
  const least = slash < 0 ? url.length : slash;
  return name.length >= least && url.startsWith(name);
}

/** Name of the balancer in `balancer://name/…`, in lower case; undefined when the URL names none. */
export function balancerName(url: string): string | undefined {
  const match = /^balancer:\/\/([^/]*)/i.exec(url);
  return match === null ? undefined : match[1].toLowerCase();
}

/** Whether the text begins like a balancer's URL, complete or not. */
export function looksLikeBalancer(url: string): boolean {
  return /^balancer:/i.test(url);
}
