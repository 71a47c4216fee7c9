// The drain filter in the shapes that applications call: (req, res, next) of Connect and Express, the onRequest hook of
// Fastify, and around a plain handler. Frameworks are taken by shape, none is imported.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Next } from '../session/middleware.ts';
import { type DrainFilter, REDIRECT_STATUS, type Redirect } from './drain.ts';

export type DrainMiddleware = (req: IncomingMessage, res: ServerResponse, next: Next) => void;

/** What a hook sees of Fastify's request. */
export interface HookRequest {
  readonly raw: IncomingMessage;
}

/** What a hook asks of Fastify's reply. */
export interface HookReply {
  readonly sent: boolean;
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(payload?: unknown): unknown;
}

export type DrainHook = (request: HookRequest, reply: HookReply, done: (error?: Error) => void) => void;

export function middlewareOf(filter: DrainFilter): DrainMiddleware {
  return (req, res, next) => {
    const answer = (redirect: Redirect | undefined): void => {
      if (redirect === undefined || res.headersSent) {
        next();
        return;
      }
      for (const cookie of redirect.cookies) res.appendHeader('Set-Cookie', cookie);
      for (const [name, value] of fieldsOf(redirect)) res.setHeader(name, value);
      res.statusCode = REDIRECT_STATUS;
      res.end();
    };
    const verdict = filter.judge(req);
    if (verdict instanceof Promise) verdict.then(answer, next);
    else answer(verdict);
  };
}

export function hookOf(filter: DrainFilter): DrainHook {
  return (request, reply, done) => {
    const answer = (redirect: Redirect | undefined): void => {
      if (redirect === undefined || reply.sent) {
        done();
        return;
      }
      for (const cookie of redirect.cookies) reply.header('Set-Cookie', cookie); // Fastify adds these up
      for (const [name, value] of fieldsOf(redirect)) reply.header(name, value);
      reply.code(REDIRECT_STATUS);
      reply.send();
    };
    let verdict: ReturnType<DrainFilter['judge']>;
    try {
      verdict = filter.judge(request.raw);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (verdict instanceof Promise) verdict.then(answer, done);
    else answer(verdict);
  };
}

export function handlerOf(filter: DrainFilter, application: RequestListener): RequestListener {
  const middleware = middlewareOf(filter);
  return (req, res) => middleware(req, res, () => application(req, res));
}

function fieldsOf({ location }: Redirect): [name: string, value: string][] {
  return [
    ['Location', location],
    ['Cache-Control', 'no-store'],
    ['Content-Length', '0'],
  ];
}
