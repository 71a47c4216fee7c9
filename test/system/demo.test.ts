// The demo as a newcomer meets it: one command, a site to click through, and the same site by hand.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Child, processTree } from '../support/child.ts';
import { type Answer, fetchOnce, headerOf } from '../support/client.ts';
import { runCommand } from '../support/command.ts';
import { PROJECT } from '../support/front.ts';
import { tooOldNode, withNode } from '../support/nodes.ts';
import { freePort, isListening, until } from '../support/port.ts';

const PROGRAM = [process.execPath, join(PROJECT, 'bin/catflap.mjs')] as const;
const START_LIMIT_MS = 20_000;

/** What the demo has said, and where its site is. */
class Demo {
  readonly child: Child;
  readonly port: number;
  readonly folder: string;
  readonly #place: string;

  private constructor(child: Child, place: string) {
    const said = child.output();
    this.child = child;
    this.#place = place;
    this.port = Number(/http:\/\/127\.0\.0\.1:(\d+)\/contents\/menu\.html/.exec(said)?.[1]);
    this.folder = /is in (\S+):$/m.exec(said)?.[1] ?? '';
  }

  static async start(command: readonly [string, ...string[]], env: Record<string, string> = {}): Promise<Demo> {
    const place = mkdtempSync(join(tmpdir(), 'demo-'));
    const child = Child.start(command, { cwd: PROJECT, env, log: join(place, 'output') });
    await until(() => child.hasEnded || child.output().includes('Ctrl-C ends everything.'), START_LIMIT_MS);
    if (!child.output().includes('Ctrl-C ends everything.')) {
      await child.kill();
      throw new Error(child.output());
    }
    return new Demo(child, place);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stop();
    for (const folder of [this.folder, this.#place]) rmSync(folder, { recursive: true, force: true });
  }

  get output(): string {
    return this.child.output();
  }

  /** The commands that it proposes, as words. */
  get questions(): string[][] {
    return [...this.output.matchAll(/^ {2}npx catflap ((?:status|explain|reload) .+)$/gm)].map(([, words]) =>
      words.split(' '),
    );
  }

  /** The commands that it says it has started, as words. */
  get commands(): string[][] {
    return [...this.output.matchAll(/^ {2}npx catflap ((?:front|demo-member) .+)$/gm)].map(([, words]) =>
      words.split(' '),
    );
  }
}

/** A browser's part: keeps the cookie, follows nothing. */
class Visitor {
  readonly #port: number;
  cookie: string | undefined = undefined;

  constructor(port: number) {
    this.#port = port;
  }

  async ask(path: string, form?: string): Promise<Answer> {
    const headers: [string, string][] = this.cookie === undefined ? [] : [['Cookie', this.cookie]];
    if (form !== undefined) headers.push(['Content-Type', 'application/x-www-form-urlencoded']);
    const request = { path, headers, ...(form === undefined ? {} : { method: 'POST', body: form }) };
    const answer = await fetchOnce(this.#port, request);
    const set = headerOf(answer, 'set-cookie')?.split(';')[0];
    if (set !== undefined) this.cookie = set;
    return answer;
  }

  /** The member in the session id. */
  get route(): string {
    return this.cookie?.split('.')[1] ?? '';
  }

  get sessionId(): string {
    return this.cookie?.split('=')[1] ?? '';
  }
}

function servedBy(answer: Answer): string {
  return /Served by(?:<td>| )<b>(\w+)</.exec(answer.body.toString())?.[1] ?? '';
}

describe('the demo', () => {
  let demo: Demo;
  before(async () => {
    demo = await Demo.start([...PROGRAM, 'demo', '--port', String(await freePort())]);
  });
  after(() => demo[Symbol.asyncDispose]());

  test('says where the site is, and nothing that troubles', () => {
    assert.match(demo.output, new RegExp(`^The application +http://127\\.0\\.0\\.1:${demo.port}/webapp/$`, 'm'));
    assert.doesNotMatch(demo.output, /warn|error|Warning/);
  });

  test('serves its static page, which leads to everything else', async () => {
    const visitor = new Visitor(demo.port);
    const menu = await visitor.ask('/contents/menu.html');
    assert.deepEqual([menu.status, headerOf(menu, 'content-type')], [200, 'text/html']);
    const links = new Set([...menu.body.toString().matchAll(/href="([^"]+)"/g)].map(([, href]) => href));
    assert.deepEqual([...links].sort(), [
      '/balancer-manager',
      '/contents/menu.html',
      '/server-status',
      '/webapp/',
      '/webapp/auth/login',
      '/webapp/mypage',
    ]);
    for (const link of links) assert.equal((await visitor.ask(link)).status, 200, link);
    assert.equal((await visitor.ask('/')).status, 200);
  });

  test('deals new visitors out to both members, and begins a session on the first page', async () => {
    const routes = new Set<string>();
    for (let i = 0; i < 12; i++) {
      const visitor = new Visitor(demo.port);
      const answer = await visitor.ask('/webapp/');
      assert.match(visitor.cookie ?? '', /^JSESSIONID=[0-9A-F]{32}\.jvm[12]$/);
      assert.equal(servedBy(answer), visitor.route);
      routes.add(visitor.route);
    }
    assert.deepEqual([...routes].sort(), ['jvm1', 'jvm2']);
  });

  test('a login gives the session a new id on the same member, and my-page shows all of it', async () => {
    const visitor = new Visitor(demo.port);
    await visitor.ask('/webapp/');
    const { route, sessionId } = visitor;
    const login = await visitor.ask('/webapp/auth/login', 'user=Tama+%3Cb%3E');
    assert.deepEqual([login.status, headerOf(login, 'location')], [303, '/webapp/mypage']);
    assert.equal(visitor.route, route);
    assert.notEqual(visitor.sessionId, sessionId);
    for (let i = 0; i < 6; i++) {
      const page = await visitor.ask('/webapp/mypage');
      assert.equal(servedBy(page), route);
      const text = page.body.toString();
      assert.match(text, /Hello, Tama &#60;b&#62;\./);
      assert.match(text, /<th>visits<td>1\n/);
      assert.match(text, /<th>user<td>Tama &#60;b&#62;\n/);
      assert.ok(text.includes(`<code>${visitor.sessionId}</code>`));
    }
    await visitor.ask('/webapp/auth/logout', '');
    assert.match((await visitor.ask('/webapp/mypage')).body.toString(), /You are not logged in/);
  });

  test('its configuration is on the disk, and check finds nothing wrong with it', async () => {
    assert.deepEqual(readdirSync(demo.folder).sort(), ['conf.d', 'htdocs', 'httpd.conf', 'logs']);
    const { code, stdout } = await runCommand([...PROGRAM, 'check', '-d', demo.folder, '-f', 'httpd.conf']);
    assert.deepEqual([code, stdout], [0, 'httpd.conf: 0 errors, 0 warnings, 0 notes\n']);
  });

  test('the commands it proposes work beside it', async () => {
    assert.deepEqual(
      demo.questions.map(([name]) => name),
      ['status', 'explain', 'reload'],
    );
    const answers: string[] = [];
    for (const words of demo.questions) {
      const { code, stdout, stderr } = await runCommand([...PROGRAM, ...words]);
      assert.equal(code, 0, stderr);
      answers.push(stdout);
    }
    assert.match(answers[0], /^balancer:\/\/webapp, byrequests, sticky by JSESSIONID$/m);
    assert.match(answers[1], /^Mapping +\/webapp\/ -> balancer:\/\/webapp\//m);
  });

  test('its manager shows both members and how their health checks went', async () => {
    const manager = await new Visitor(demo.port).ask('/balancer-manager');
    assert.equal(manager.status, 200);
    assert.match(manager.body.toString(), /jvm1[\s\S]*CPING[\s\S]*jvm2[\s\S]*CPING/);
  });

  test('the access log tells which member answered', async () => {
    const visitor = new Visitor(demo.port);
    await visitor.ask('/webapp/');
    const line = new RegExp(`"GET /webapp/ HTTP/1\\.1" 200 \\d+ member=${visitor.route} \\d+us\\n`);
    const log = join(demo.folder, 'logs/access.log');
    assert.ok(await until(() => line.test(readFileSync(log, 'utf8')), 3000));
  });
});

test('when a member ends the other one answers, and the demo says how to start it again', async () => {
  await using demo = await Demo.start([...PROGRAM, 'demo', '--port', String(await freePort())]);
  const visitor = new Visitor(demo.port);
  await visitor.ask('/webapp/');
  const dead = visitor.route;
  const pid = Number(new RegExp(`^ {2}kill (\\d+) {3}# ${dead}$`, 'm').exec(demo.output)?.[1]);
  assert.ok(processTree(demo.child.pid).includes(pid));
  process.kill(pid, 'SIGTERM');
  assert.ok(await until(() => demo.output.includes(`${dead} has ended`), 5000));
  const answer = await visitor.ask('/webapp/');
  assert.deepEqual([answer.status, servedBy(answer)], [200, dead === 'jvm1' ? 'jvm2' : 'jvm1']);

  const again = /Start it again in another terminal:\n {2}npx catflap (.+)\n/.exec(demo.output)?.[1] ?? '';
  const log = join(demo.folder, 'member.output');
  const member = Child.start([...PROGRAM, ...again.split(' ')], { log });
  try {
    assert.ok(await until(() => member.output().includes(`${dead} listening on ajp://127.0.0.1:`), 10_000));
    // A health check every two seconds.
    const isBack = async () => servedBy(await new Visitor(demo.port).ask('/webapp/')) === dead;
    assert.ok(await until(isBack, 10_000, 200));
  } finally {
    await member.stop();
  }
});

test('the commands it shows are the same site by hand', async () => {
  let commands: string[][] = [];
  const folder = mkdtempSync(join(tmpdir(), 'demo-by-hand-'));
  const hash = (file: string): string =>
    createHash('sha1')
      .update(readFileSync(join(folder, file)))
      .digest('hex');
  {
    await using demo = await Demo.start([...PROGRAM, 'demo', '--port', String(await freePort()), '--folder', folder]);
    assert.equal(demo.folder, folder);
    commands = demo.commands;
    assert.ok(await demo.child.stop());
    assert.equal(commands.length, 3);
    const before = hash('httpd.conf');
    const children = commands.map((words, i) =>
      Child.start([...PROGRAM, ...words], { log: join(folder, `output-${i}`) }),
    );
    try {
      assert.ok(await until(() => children.every((child) => /listening on/.test(child.output())), 10_000));
      const visitor = new Visitor(demo.port);
      assert.equal((await visitor.ask('/contents/menu.html')).status, 200);
      assert.equal(servedBy(await visitor.ask('/webapp/')), visitor.route);
      assert.equal(hash('httpd.conf'), before);
    } finally {
      for (const child of children) assert.ok(await child.stop());
    }
  }
});

test('a port that is taken is said, and the next free one is used', async () => {
  const taken = await freePort();
  const holder = createServer().listen(taken, '127.0.0.1');
  try {
    await using demo = await Demo.start([...PROGRAM, 'demo', '--port', String(taken)]);
    assert.ok(demo.port > taken);
    assert.ok(
      demo.output.startsWith(`Port ${taken} is taken; the demo uses ${demo.port} instead (--port chooses another).\n`),
    );
    assert.equal((await new Visitor(demo.port).ask('/contents/menu.html')).status, 200);
  } finally {
    holder.close();
  }
});

test('a folder with a configuration of somebody else is left alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-'));
  writeFileSync(join(folder, 'httpd.conf'), '# mine\n');
  const { code, stderr } = await runCommand([...PROGRAM, 'demo', '--folder', folder]);
  assert.equal(code, 1);
  assert.match(stderr, /holds an httpd\.conf that is not the demo's; choose another folder\.\n$/);
  assert.deepEqual(
    [readdirSync(folder), readFileSync(join(folder, 'httpd.conf'), 'utf8')],
    [['httpd.conf'], '# mine\n'],
  );
  rmSync(folder, { recursive: true });
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} to the demo alone ends all of it`, async () => {
    await using demo = await Demo.start([...PROGRAM, 'demo', '--port', String(await freePort())]);
    const tree = () => processTree(demo.child.pid);
    assert.ok(await until(() => tree().length >= 4, 5000), `only ${tree().length} processes`);
    const all = tree();
    process.kill(demo.child.pid, signal);
    assert.ok(await until(() => demo.child.hasEnded, 5000));
    assert.equal(demo.child.end, 0);
    assert.ok(await until(() => all.every((pid) => !existsSync(`/proc/${pid}/cmdline`)), 3000));
    assert.ok(!(await isListening(demo.port)));
  });
}

test('npm start is the demo, also where the machine has an older Node', async () => {
  const env = withNode(await tooOldNode());
  await using demo = await Demo.start(['npm', 'start', '--', '--port', String(await freePort())], env);
  assert.equal((await new Visitor(demo.port).ask('/contents/menu.html')).status, 200);
});
