// `catflap demo`: the whole site on one machine. A folder is filled with the configuration that one would write by hand,
// two members and the frontend run as processes of their own, and what to look at is said in a few lines.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEMO_MARK, demoFiles } from './demo-site.ts';
import type { OnSignal } from './signals.ts';

export interface DemoOptions {
  readonly port: number;
  readonly folder?: string;
}

const ROUTES = ['jvm1', 'jvm2'];
const FIRST_MEMBER_PORT = 8009;
/** Ports tried after a taken one. */
const PORTS_TRIED = 100;

export async function runDemo(options: DemoOptions, onSignal: OnSignal): Promise<number> {
  const folder = options.folder === undefined ? mkdtempSync(join(tmpdir(), 'catflap-demo-')) : resolve(options.folder);
  if (!isOurs(folder)) {
    process.stderr.write(`${folder} holds an httpd.conf that is not the demo's; choose another folder.\n`);
    return 1;
  }
  const taken = new Set<number>();
  const port = await freePort(options.port, taken);
  if (port !== options.port && options.port !== 0)
    say(`Port ${options.port} is taken; the demo uses ${port} instead (--port chooses another).`);
  const members: { route: string; port: number }[] = [];
  for (const route of ROUTES) {
    const wanted = FIRST_MEMBER_PORT + members.length;
    const free = await freePort(wanted, taken);
    if (free !== wanted) say(`Port ${wanted} is taken; ${route} uses ${free} instead.`);
    members.push({ route, port: free });
  }
  for (const [name, text] of demoFiles(folder, port, members)) {
    makeFolder(dirname(join(folder, name)));
    writeFileSync(join(folder, name), text);
  }
  makeFolder(join(folder, 'logs'));

  const children: ChildProcess[] = [];
  let isStopping = false;
  const ended = Promise.withResolvers<number>();
  const stop = (code: number): void => {
    if (isStopping) return;
    isStopping = true;
    for (const child of children) child.kill('SIGTERM');
    void Promise.all(children.map(endOf)).then(() => ended.resolve(code));
  };
  const run = (name: string, args: readonly string[]): ChildProcess => {
    const child = spawn(process.execPath, [...process.execArgv, launcher(), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    child.once('exit', (code) => {
      if (isStopping) return;
      if (name !== 'frontend') {
        say(`${name} has ended, and the sessions it held with it. Start it again in another terminal:`);
        say(`  ${commandLine(args)}`);
        return;
      }
      say('The frontend has ended.');
      stop(code ?? 1);
    });
    return child;
  };
  // SIGHUP means that the terminal was closed.
  onSignal((signal) => {
    if (signal !== 'SIGUSR1') stop(0);
  });
  process.on('exit', () => {
    for (const child of children) child.kill('SIGTERM');
  });

  const programs = [...members.map(memberArguments), ['front', '-d', folder, '-f', join(folder, 'httpd.conf')]];
  const started = programs.map((args, index) => run(members[index]?.route ?? 'frontend', args));
  await Promise.all(started.map((child) => until(child, 'listening')));
  if (!isStopping) say(introduction(folder, port, members, programs, children));
  return ended.promise;
}

/** Whether the demo may write its files there. */
function isOurs(folder: string): boolean {
  const file = join(folder, 'httpd.conf');
  return !existsSync(file) || readFileSync(file, 'utf8').startsWith(DEMO_MARK);
}

function memberArguments({ route, port }: { readonly route: string; readonly port: number }): string[] {
  return ['demo-member', '--route', route, '--port', String(port)];
}

function endOf(child: ChildProcess): Promise<unknown> {
  return child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((done) => child.once('exit', done));
}

/** How a person starts one of the demo's programs. */
function commandLine(args: readonly string[]): string {
  return [
    'npx catflap',
    ...args.map((word) => (/^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)),
  ].join(' ');
}

function introduction(
  folder: string,
  port: number,
  members: readonly { readonly route: string; readonly port: number }[],
  programs: readonly (readonly string[])[],
  children: readonly ChildProcess[],
): string {
  return `
The site          http://127.0.0.1:${port}/contents/menu.html
The application   http://127.0.0.1:${port}/webapp/
Its balancer      http://127.0.0.1:${port}/balancer-manager
The server        http://127.0.0.1:${port}/server-status

Its configuration, for you to read, change and run by hand, is in ${folder}:
  httpd.conf, conf.d/proxy_ajp.conf, htdocs/; logs/access.log tells which member answered

The demo has started these three programs:
${programs.map((args) => `  ${commandLine(args)}`).join('\n')}

Try: log in, look at "My page", then end the member that served you
  ${members.map((member, index) => `kill ${children[index]?.pid}   # ${member.route}`).join('\n  ')}
and reload: the other one answers. Sessions live in one process here, so you log in anew.

Ask, in another terminal: how it fares, why a page is answered as it is; and put in force what you changed
  ${commandLine(['status', '-d', folder])}
  ${commandLine(['explain', '--live', '-f', join(folder, 'httpd.conf'), `http://127.0.0.1:${port}/webapp/mypage`])}
  ${commandLine(['reload', '-d', folder])}

Ctrl-C ends everything.`;
}

/** Resolves when the child's output holds the word, or when it has ended. */
function until(child: ChildProcess, word: string): Promise<void> {
  return new Promise((done) => {
    let text = '';
    child.once('exit', () => done());
    child.stdout?.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes(word)) done();
      text = text.slice(-1000);
    });
  });
}

/** The first free port of 127.0.0.1 from `wanted` on, any for 0; marks it as taken. */
async function freePort(wanted: number, taken: Set<number>): Promise<number> {
  for (let port = wanted; port < wanted + PORTS_TRIED; port++) {
    const free = taken.has(port) ? undefined : await tryPort(port);
    if (free === undefined) continue;
    taken.add(free);
    return free;
  }
  throw new Error(`no free port from ${wanted} to ${wanted + PORTS_TRIED - 1}`);
}

/** Binds for a moment. @returns the port that was bound; undefined when it is taken or not for this user */
function tryPort(port: number): Promise<number | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const bound = server.address();
      server.close(() => done(bound !== null && typeof bound === 'object' ? bound.port : undefined));
    });
  });
}

function launcher(): string {
  return fileURLToPath(new URL('../../bin/catflap.mjs', import.meta.url));
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Level by level: Node's recursive mkdir never ends where the system answers ENOENT for a new name (in /proc). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}
