// One application server of the demo: a small Node application under /webapp, behind AJP, with a login and a my-page
// that shows who served it. Sessions live in this process and carry its route.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Connector } from '../appserver/connector.ts';
import { systemClock } from '../base/clock.ts';
import { Link } from '../link/link.ts';
import { LocalSessionManager } from '../session/local.ts';
import { sessionMiddleware, sessionOf } from '../session/middleware.ts';
import { page } from './demo-site.ts';
import { programLog, warningsOf } from './program-log.ts';
import type { OnSignal } from './signals.ts';

/** A login form is small; what is larger is not one. */
const FORM_BYTES_MAX = 10_000;

export interface DemoMemberOptions {
  readonly route: string;
  readonly port: number;
}

/** Runs a member until a signal ends it. */
export async function runDemoMember(options: DemoMemberOptions, onSignal: OnSignal): Promise<number> {
  const log = warningsOf(programLog(false));
  const manager = new LocalSessionManager(systemClock, randomBytes, { route: options.route });
  const withSession = sessionMiddleware(manager, { contextPath: '/webapp' });
  const connector = new Connector(
    (req, res) => withSession(req, res, () => void answer(req, res, options.route)),
    {},
    new Link(systemClock, log),
    log,
  );
  await new Promise<void>((resolve, reject) => {
    connector.once('error', reject);
    connector.listen(options.port, '127.0.0.1', resolve);
  });
  process.stdout.write(`${options.route} listening on ajp://127.0.0.1:${options.port}\n`);
  await new Promise<void>((resolve) => {
    onSignal((signal) => {
      if (signal !== 'SIGUSR1') connector.close(() => resolve());
    });
  });
  return 0;
}

async function answer(req: IncomingMessage, res: ServerResponse, route: string): Promise<void> {
  const path = (req.url ?? '').split('?')[0];
  const session = sessionOf(req);
  switch (`${req.method} ${path}`) {
    case 'GET /webapp/':
    case 'HEAD /webapp/':
      session.visits = Number(session.visits ?? 0) + 1;
      send(
        res,
        200,
        page(
          'The application',
          `<p>Served by <b>${route}</b>. Visits to this page in your session: ${session.visits}.</p>
<p><a href="/webapp/auth/login">Log in</a></p>`,
        ),
      );
      return;
    case 'GET /webapp/auth/login':
    case 'HEAD /webapp/auth/login':
      send(
        res,
        200,
        page(
          'Log in',
          '<form method="post" action="/webapp/auth/login"><label>Your name <input name="user" required autofocus></label> <button>Log in</button></form>',
        ),
      );
      return;
    case 'POST /webapp/auth/login': {
      const user = new URLSearchParams(await readForm(req)).get('user') ?? '';
      session.user = user.slice(0, 100);
      session.loggedInAt = new Date().toISOString();
      session.changeSessionId();
      res.writeHead(303, { Location: '/webapp/mypage' }).end();
      return;
    }
    case 'POST /webapp/auth/logout':
      session.invalidate();
      res.writeHead(303, { Location: '/webapp/' }).end();
      return;
    case 'GET /webapp/mypage':
    case 'HEAD /webapp/mypage':
      send(res, 200, myPage(req, route));
      return;
    default:
      send(res, 404, page('Not found', `<p>${route} has no such page.</p>`));
  }
}

function myPage(req: IncomingMessage, route: string): string {
  const session = sessionOf(req);
  const user = session.exists ? session.user : undefined;
  const greeting =
    user === undefined
      ? '<p>You are not logged in. <a href="/webapp/auth/login">Log in</a></p>'
      : `<p>Hello, ${escapeHtml(String(user))}.</p>`;
  const names = session.exists ? session.names() : [];
  return page(
    'My page',
    `${greeting}
${table('Who answers', [
  ['Served by', `<b>${route}</b> (process ${process.pid})`],
  ['Session id', session.exists ? `<code>${escapeHtml(session.id)}</code>` : 'no session'],
  ['Client', escapeHtml(req.socket.remoteAddress ?? '')],
])}
${table(
  'What the session holds',
  names.map((name) => [escapeHtml(name), escapeHtml(String(session.get(name)))]),
)}
${user === undefined ? '' : '<form method="post" action="/webapp/auth/logout"><button>Log out</button></form>'}`,
  );
}

/** Values are HTML. */
function table(caption: string, rows: readonly (readonly [name: string, value: string])[]): string {
  const lines = rows.map(([name, value]) => `<tr><th>${name}<td>${value}`);
  return `<table><caption>${caption}</caption>\n${lines.join('\n') || '<tr><td>nothing'}\n</table>`;
}

async function readForm(req: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of req) {
    text += String(piece);
    if (text.length > FORM_BYTES_MAX) break;
  }
  return text;
}

function send(res: ServerResponse, status: number, body: string): void {
  res.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
