// An application server for tests, as a program: `appserver-app.ts <express|fastify> <port> <route>`. Both frameworks
// answer the same below /app, with sessions of the context /app.

import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express from 'express';
import fastify from 'fastify';
import { ajpFacts, createConnector } from '../../src/appserver.ts';
import { sessionOf, sessions } from '../../src/session.ts';

const [framework, port, route] = process.argv.slice(2);
const ETAG = '"fixed"';
const BLOCK_BYTES = 64 * 1024;

/** The body of `/app/bytes/:size`. */
function patternBlock(): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  for (let i = 0; i < block.length; i++) block[i] = (i * 31 + (i >> 8) * 7) & 0xff;
  return block;
}

const events: string[] = [];

/** Answers everything that needs no framework. @returns false for other paths */
function answer(req: IncomingMessage, res: ServerResponse): boolean {
  const [path, query] = (req.url ?? '').split('?');
  const [, , word, value] = path.split('/');
  res.setHeader('X-Member', route);
  switch (word) {
    case 'count': {
      const session = sessionOf(req);
      session.count = Number(session.count ?? 0) + 1;
      json(res, { member: route, count: session.count, url: req.url, link: session.encodeURL('/app/count') });
      return true;
    }
    case 'bytes':
      if (query !== 'unknown') res.setHeader('Content-Length', value);
      pour(res, Number(value));
      return true;
    case 'digest':
      digest(req, res);
      return true;
    case 'cached':
      res.setHeader('ETag', ETAG);
      if (req.headers['if-none-match'] === ETAG) res.writeHead(304).end();
      else res.end('cached');
      return true;
    case 'ticks':
      res.setHeader('Content-Type', 'text/event-stream');
      tick(res, 3);
      return true;
    case 'forever':
      res.on('close', () => events.push(`close ${res.writableFinished}`));
      pour(res, Number.POSITIVE_INFINITY);
      return true;
    case 'events':
      json(res, events);
      return true;
    case 'url':
      json(res, { url: req.url });
      return true;
    case 'facts': {
      const facts = ajpFacts(req);
      const { remoteAddress } = req.socket;
      json(res, { ...facts, attributes: [...(facts?.attributes ?? [])], remoteAddress, headers: req.headers });
      return true;
    }
    default:
      return false;
  }
}

function json(res: ServerResponse, value: unknown): void {
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify(value));
}

function pour(res: ServerResponse, total: number): void {
  const block = patternBlock();
  let left = total;
  const write = (): void => {
    while (left > 0 && !res.destroyed) {
      const piece = left < block.length ? block.subarray(0, left) : block;
      left -= piece.length;
      if (!res.write(piece)) {
        res.once('drain', write);
        return;
      }
    }
    if (left <= 0) res.end();
  };
  write();
}

function digest(req: IncomingMessage, res: ServerResponse): void {
  const hash = createHash('sha256');
  let size = 0;
  req.on('data', (bytes: Buffer) => {
    size += bytes.length;
    hash.update(bytes);
  });
  req.on('end', () => json(res, { size, digest: hash.digest('hex') }));
}

function tick(res: ServerResponse, left: number): void {
  if (left === 0) res.end();
  else {
    res.write(`data: ${left}\n\n`);
    setTimeout(tick, 300, res, left - 1);
  }
}

const withSessions = sessions({ contextPath: '/app', route: route ?? 'none' });
const options = { allowedRequestAttributesPattern: 'SHARED_.*', tomcatAuthentication: false };

if (framework === 'express') {
  const app = express();
  app.use(withSessions);
  app.use((req, res, next) => {
    if (!answer(req, res)) next();
  });
  app.get('/app/who', (_req, res) => {
    res.send(`${route}\n`);
  });
  createConnector(app, options).listen(Number(port));
} else if (framework === 'fastify') {
  const app = fastify({
    serverFactory: (handler) => {
      const listener: RequestListener = (req, res) =>
        withSessions(req, res, () => {
          if (!answer(req, res)) handler(req, res);
        });
      return createConnector(listener, options);
    },
  });
  app.get('/app/who', async () => `${route}\n`);
  await app.listen({ port: Number(port) });
}
