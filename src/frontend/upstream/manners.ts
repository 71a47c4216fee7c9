// What environment variables ask of one proxied request, as bits: SetEnv, SetEnvIf and BrowserMatch set them, httpd's
// documentation ("Environment Variables in Apache", special purpose) and mod_proxy_http say what they mean. Read only
// under hosts whose rules name one of them.

import type { Host, RewriteText } from '../../site/model.ts';
import { everySettings } from '../../site/settings.ts';

/** Speak HTTP/1.0 to the backend (`force-proxy-request-1.0`). */
export const FORCE_1_0 = 1;
/** Close the backend's connection afterwards (`proxy-nokeepalive`). */
export const NO_KEEP_ALIVE = 2;
/** The first request of a client's connection gets a connection of its own (`proxy-initial-not-pooled`). */
export const INITIAL_NOT_POOLED = 4;
/** Interim responses end here (`proxy-interim-response` with any value but RFC). */
export const SUPPRESS_INTERIM = 8;
/** A backend's 100 goes on although nobody asked for it (`proxy-interim-response=RFC`). */
export const RELAY_CONTINUE = 16;
/** Proxy-Authorization goes on although the user was authenticated here (`Proxy-Chain-Auth`). */
export const CHAIN_AUTH = 32;
/** A body of unknown length is read whole and sent with its length (`proxy-sendcl`). */
export const SEND_LENGTH = 64;
/** Undoes `proxy-sendcl` (`proxy-sendchunked`, `proxy-sendchunks`). */
export const SEND_CHUNKED = 128;
/** The beginning of a chunked body is not waited for (`proxy-prefetch-nonblocking`). */
export const NO_READ_AHEAD = 256;
/** A tunnel ends both ways as soon as it ends one way (`proxy-nohalfclose`). */
export const NO_HALF_CLOSE = 512;

const BITS: ReadonlyMap<string, number> = new Map([
  ['force-proxy-request-1.0', FORCE_1_0],
  ['proxy-nokeepalive', NO_KEEP_ALIVE],
  ['proxy-initial-not-pooled', INITIAL_NOT_POOLED],
  ['proxy-chain-auth', CHAIN_AUTH],
  ['proxy-sendcl', SEND_LENGTH],
  ['proxy-sendchunked', SEND_CHUNKED],
  ['proxy-sendchunks', SEND_CHUNKED],
  ['proxy-prefetch-nonblocking', NO_READ_AHEAD],
  ['proxy-nohalfclose', NO_HALF_CLOSE],
]);
const INTERIM_POLICY = 'proxy-interim-response';

/** The bits that an environment sets; names in any letter case, as in httpd. */
export function mannersOf(env: ReadonlyMap<string, string> | undefined): number {
  if (env === undefined) return 0;
  let bits = 0;
  for (const [name, value] of env) {
    const lower = name.toLowerCase();
    if (lower === INTERIM_POLICY) bits |= value.toLowerCase() === 'rfc' ? RELAY_CONTINUE : SUPPRESS_INTERIM;
    else bits |= BITS.get(lower) ?? 0;
  }
  return bits;
}

/** Whether any rule of a host may set one of the variables. */
export function setsManners(host: Host): boolean {
  return namesVariable(host, (name) => BITS.has(name) || name === INTERIM_POLICY);
}

/** Variables that make responses fit for odd clients: `nokeepalive`, `downgrade-1.0`, `force-response-1.0`. */
const CLIENT_VARIABLES: ReadonlySet<string> = new Set(['nokeepalive', 'downgrade-1.0', 'force-response-1.0']);

/** Whether any rule of a host may set a variable about clients. */
export function sparesClients(host: Host): boolean {
  return namesVariable(host, (name) => CLIENT_VARIABLES.has(name));
}

function namesVariable(host: Host, isOne: (lowerName: string) => boolean): boolean {
  const rules = everySettings(host).flatMap(({ envIfRules = [] }) => envIfRules);
  const actions = [...host.earlyEnvRules, ...rules].flatMap((rule) => rule.actions);
  const ops = everySettings(host).flatMap(({ envOps = [] }) => envOps);
  const rewriting = [host.rewriting, ...everySettings(host).map(({ rewriting }) => rewriting)];
  const rewritten = rewriting
    .flatMap((each) => each?.rules ?? [])
    .flatMap(({ env }) => env.map(({ name }) => textIn(name)));
  return [...[...actions, ...ops].map(({ name }) => name), ...rewritten].some((name) => isOne(name.toLowerCase()));
}

/** The fixed text of a name. */
function textIn(name: RewriteText): string {
  return name.map((part) => (part.kind === 'text' ? part.text : '')).join('');
}
