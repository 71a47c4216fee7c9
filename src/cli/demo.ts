// `catflap demo`: the whole site on one machine. A folder is filled with the configuration that one would write by hand,
// two members and the frontend run as processes of their own, and what to look at is said in a few lines.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoFiles } from './demo-site.ts';
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
  const taken = new Set<number>();
  const port = await freePort(options.port, taken);
  if (port !== options.port)
    say(`Port ${options.port} is taken; the demo uses ${port} instead (--port chooses another).`);
  const members: { route: string; port: number }[] = [];
  for (const route of ROUTES) {
    const wanted = FIRST_MEMBER_PORT + members.length;
    const free = await freePort(wanted, taken);
    if (free !== wanted) say(`Port ${wanted} is taken; ${route} uses ${free} instead.`);
    members.push({ route, port: free });
  }
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'catflap-demo-'));
  for (const [name, text] of demoFiles(port, members)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  mkdirSync(join(folder, 'logs'), { recursive: true });

  const children: ChildProcess[] = [];
  let isStopping = false;
  const { promise, resolve } = Promise.withResolvers<number>();
  const stop = (code: number): void => {
    if (isStopping) return;
    isStopping = true;
    for (const child of children) child.kill('SIGTERM');
    void Promise.all(
      children.map((child) => child.exitCode ?? child.signalCode ?? new Promise((done) => child.once('exit', done))),
    ).then(() => resolve(code));
  };
  const run = (name: string, args: readonly string[]): ChildProcess => {
    const child = spawn(process.execPath, ['--disable-sigusr1', launcher(), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    child.once('exit', (code) => {
      if (isStopping) return;
      if (name === 'frontend') {
        say('The frontend has ended.');
        stop(code ?? 1);
      } else
        say(
          `${name} has ended: its sessions are lost, the other member serves everybody. Start it again with the command above.`,
        );
    });
    return child;
  };
  onSignal((signal) => {
    if (signal === 'SIGTERM' || signal === 'SIGINT') stop(0);
  });

  for (const member of members)
    run(member.route, ['demo-member', '--route', member.route, '--port', String(member.port)]);
  const front = run('frontend', ['front', '-d', folder, '-f', join(folder, 'httpd.conf')]);
  await until(front, 'listening');
  if (!isStopping) say(introduction(folder, port, members, children));
  return promise;
}

function introduction(
  folder: string,
  port: number,
  members: readonly { readonly route: string; readonly port: number }[],
  children: readonly ChildProcess[],
): string {
  return `
The site is at    http://127.0.0.1:${port}/contents/menu.html
The application   http://127.0.0.1:${port}/webapp/

Its configuration is in ${folder}:
  httpd.conf, conf.d/proxy_ajp.conf, htdocs/, logs/access.log

By hand it is the same:
${members.map((member) => `  npx catflap demo-member --route ${member.route} --port ${member.port}`).join('\n')}
  npx catflap front -d ${folder} -f ${folder}/httpd.conf

Try: log in, look at "my page", then end the member that served you
  ${members.map((member, index) => `kill ${children[index].pid}   # ${member.route}`).join('\n  ')}
and reload: the other member answers.

Ctrl-C ends everything.`;
}

/** Resolves when the child's output holds the word, or when it has ended. */
function until(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve) => {
    let text = '';
    child.once('exit', () => resolve());
    child.stdout?.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes(word)) resolve();
      text = text.slice(-1000);
    });
  });
}

/** The first free port of 127.0.0.1 from `wanted` on; marks it as taken. */
async function freePort(wanted: number, taken: Set<number>): Promise<number> {
  for (let port = wanted; port < wanted + PORTS_TRIED; port++) {
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
  throw new Error(`no free port from ${wanted} to ${wanted + PORTS_TRIED - 1}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function launcher(): string {
  return fileURLToPath(new URL('../../bin/catflap.mjs', import.meta.url));
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
