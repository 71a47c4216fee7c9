// `catflap/appserver`: Node applications where Tomcats ran. Here the real clock, sockets and log of connectors are
// chosen.

import type { RequestListener } from 'node:http';
import { Connector, type ConnectorOptions } from './appserver/connector.ts';
import { DrainFilter, type DrainOptions } from './appserver/drain.ts';
import { type DrainHook, type DrainMiddleware, handlerOf, hookOf, middlewareOf } from './appserver/drain-adapters.ts';
import { systemClock } from './base/clock.ts';
import type { Log, LogFields } from './base/log.ts';
import { Link } from './link/link.ts';

export type { Connector, ConnectorOptions, ListenOptions } from './appserver/connector.ts';
export type { DrainOptions, IsAlive } from './appserver/drain.ts';
export type { DrainHook, DrainMiddleware, HookReply, HookRequest } from './appserver/drain-adapters.ts';
export { type AjpFacts, ajpFacts } from './appserver/facts.ts';
export type { Log } from './base/log.ts';

export interface CreateConnectorOptions extends ConnectorOptions {
  /** Default: warnings and errors go to stderr, one line of JSON each. */
  readonly log?: Log;
}

/**
 * Makes an AJP connector for an application: any `(req, res)` function, an Express application, `koa.callback()`, Hono's
 * `getRequestListener(app.fetch)`; for Fastify `serverFactory: (handler) => createConnector(handler)`. It is used like
 * the server of `http.createServer`, and listens on 127.0.0.1:8009 unless told otherwise.
 */
export function createConnector(application?: RequestListener, options: CreateConnectorOptions = {}): Connector {
  const log = options.log ?? stderrLog;
  return new Connector(application, options, link(log), log);
}

export interface CreateDrainOptions extends DrainOptions {
  /** Default: warnings go to stderr, one line of JSON each. */
  readonly log?: Log;
}

/**
 * Sends clients without a living session away from a member that mod_jk or Catflap has disabled, so that it becomes
 * empty: `app.use(drainFilter())` in Express or Connect, behind `sessions()` and before whatever begins sessions. With
 * other sessions: `drainFilter({ isAlive: (req, id) => store.has(id) })`.
 * @throws Failure `drain-bad-option`
 */
export function drainFilter(options: CreateDrainOptions = {}): DrainMiddleware {
  return middlewareOf(filterOf(options));
}

/** The same for Fastify: `app.addHook('onRequest', drainHook())`. */
export function drainHook(options: CreateDrainOptions = {}): DrainHook {
  return hookOf(filterOf(options));
}

/** The same around a plain handler: `createConnector(drainHandler(application, { isAlive }))`. */
export function drainHandler(application: RequestListener, options: CreateDrainOptions = {}): RequestListener {
  return handlerOf(filterOf(options), application);
}

function filterOf({ log = stderrLog, ...options }: CreateDrainOptions): DrainFilter {
  return new DrainFilter(systemClock, log, options);
}

let shared: Link | undefined;

/** All connectors of a thread share its buffers. */
function link(log: Log): Link {
  shared ??= new Link(systemClock, log);
  return shared;
}

function line(level: string): (event: string, fields?: LogFields) => void {
  return (event, fields) => {
    process.stderr.write(
      `${JSON.stringify({ time: new Date(systemClock.wall()).toISOString(), level, event, ...fields })}\n`,
    );
  };
}

const stderrLog: Log = { debug() {}, info() {}, warn: line('warn'), error: line('error') };
