// The command line of httpd: started in the background, signalled, found by its PidFile; printed settings; systemd; and
// the commands that speak over the control socket.

import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Child } from '../support/child.ts';
import { fetchOnce, HttpConnection } from '../support/client.ts';
import { type CommandResult, runCommand } from '../support/command.ts';
import { PROJECT } from '../support/front.ts';
import { freePort, isListening, until } from '../support/port.ts';

const PROGRAM = join(PROJECT, 'bin/catflap.mjs');
const NODE = [process.execPath, PROGRAM];

let root = '';
before(() => {
  root = mkdtempSync(join(tmpdir(), 'operating-'));
});
after(() => rmSync(root, { recursive: true, force: true }));

/** A ServerRoot with a configuration; what runs from it is stopped at the end. */
class Place {
  readonly port: number;
  readonly folder: string;

  private constructor(port: number) {
    this.port = port;
    this.folder = join(root, String(port));
    for (const name of ['conf', 'logs', 'htdocs']) mkdirSync(join(this.folder, name), { recursive: true });
    writeFileSync(join(this.folder, 'htdocs/index.html'), 'here\n');
    this.write('');
  }

  static async make(): Promise<Place> {
    return new Place(await freePort());
  }

  write(more: string): void {
    const lines = [
      `Listen 127.0.0.1:${this.port}`,
      'ServerName localhost',
      'DocumentRoot htdocs',
      'LogLevel info',
      more,
    ];
    writeFileSync(join(this.folder, 'conf/httpd.conf'), `${lines.join('\n')}\n`);
  }

  /** `front` from another folder, with `-d` alone. */
  front(...words: string[]): Promise<CommandResult> {
    return this.run('front', '-d', this.folder, ...words);
  }

  run(...words: string[]): Promise<CommandResult> {
    return runCommand([...NODE, ...words], { cwd: root });
  }

  command(name: string, ...words: string[]): Promise<CommandResult> {
    return this.run(name, ...words, '-d', this.folder);
  }

  get pidFile(): string {
    return join(this.folder, 'logs/httpd.pid');
  }

  get pid(): number {
    return Number(readFileSync(this.pidFile, 'utf8'));
  }

  log(): string {
    return readFileSync(join(this.folder, 'logs/error_log'), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.front('-k', 'stop');
    await until(() => !existsSync(this.pidFile), 5000);
  }
}

describe('-k', () => {
  test('start serves in the background, in a session of its own, and says so by its end', async () => {
    await using place = await Place.make();
    const { code, stdout, stderr } = await place.front('-k', 'start');
    assert.deepEqual([code, stdout, stderr], [0, '', '']);
    assert.equal((await fetchOnce(place.port, { path: '/' })).status, 200);
    const stat = readFileSync(`/proc/${place.pid}/stat`, 'latin1');
    const [, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    assert.equal(Number(session), place.pid);
    assert.equal(readFileSync(`/proc/${place.pid}/environ`, 'latin1').includes('NODE_CHANNEL_FD=3'), true);
    // Neither a terminal nor a pipe of whoever started it is held.
    const log = join(place.folder, 'logs/error_log');
    const streams = [0, 1, 2].map((number) => readlinkSync(`/proc/${place.pid}/fd/${number}`));
    assert.deepEqual(streams, ['/dev/null', log, log]);
  });

  test('start while it runs, stop while it does not: said, and 0', async () => {
    await using place = await Place.make();
    assert.deepEqual(await place.front('-k', 'stop'), {
      code: 0,
      stdout: 'catflap (no pid file) not running\n',
      stderr: '',
    });
    await place.front('-k', 'start');
    const { pid } = place;
    const again = await place.front('-k', 'start');
    assert.deepEqual([again.code, again.stdout], [0, `catflap (pid ${pid}) already running\n`]);
    assert.equal((await place.front()).code, 1);
    assert.deepEqual(await place.front('-k', 'stop'), { code: 0, stdout: '', stderr: '' });
    assert.ok(await until(() => !existsSync(place.pidFile), 5000));
    assert.equal(await isListening(place.port), false);
    writeFileSync(place.pidFile, '2147483647\n');
    assert.equal((await place.front('-k', 'graceful-stop')).stdout, 'catflap (pid 2147483647?) not running\n');
  });

  test('start that fails says why and ends with 1: a wrong line, an address that is taken, a log', async () => {
    await using place = await Place.make();
    place.write('Frobnicate');
    const wrong = await place.front('-k', 'start');
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /httpd\.conf:5: error: Frobnicate.*\nThe frontend does not start/);
    place.write('ErrorLog logs/nothing\nCustomLog logs "%r"');
    assert.match((await place.front('-k', 'start')).stderr, /logs cannot be opened for writing/);
    place.write('');
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(place.port, '127.0.0.1', resolve);
    });
    const taken = await place.front('-k', 'start');
    assert.equal(taken.code, 1);
    assert.match(taken.stderr, /does not start: .*is taken by another process/);
    assert.equal(existsSync(place.pidFile), false);
    other.close();
  });

  test('graceful and restart check first: what is wrong is told, ends with 1 and changes nothing', async () => {
    await using place = await Place.make();
    await place.front('-k', 'start');
    for (const word of ['graceful', 'restart']) {
      place.write('Frobnicate');
      const wrong = await place.front('-k', word);
      assert.equal(wrong.code, 1);
      assert.match(wrong.stderr, /Frobnicate.*\n.*is left as it is/);
    }
    for (const word of ['graceful', 'restart']) {
      place.write(`Header set X-Now ${word}`);
      assert.equal((await place.front('-k', word)).code, 0);
      const isNow = async () =>
        (await fetchOnce(place.port, { path: '/' })).headers.some((field) => `${field}` === `X-Now,${word}`);
      assert.ok(await until(isNow, 5000), place.log());
    }
    assert.ok(await until(() => place.log().match(/info reloaded/g)?.length === 2, 5000), place.log());
    assert.doesNotMatch(place.log(), /reload-failed/);
  });

  test('graceful has no word for warnings, as it is asked every night', async () => {
    await using place = await Place.make();
    place.write('CacheEnable disk /\nCacheEnable disk /a');
    const started = await place.front('-k', 'start');
    assert.match(started.stderr, /^\S+:\d+: warning: CacheEnable: .*; also on line \d+ \(not-honoured\)\n$/);
    const { code, stderr } = await place.front('-k', 'graceful');
    assert.deepEqual([code, stderr], [0, '']);
    assert.match((await place.front('-k', 'graceful', '-e', 'warn')).stderr, /warning: CacheEnable/);
  });

  test('graceful starts one when none is running', async () => {
    await using place = await Place.make();
    const { code, stderr } = await place.front('-k', 'graceful');
    assert.deepEqual([code, stderr], [0, 'catflap not running, trying to start\n']);
    assert.equal(await isListening(place.port), true);
  });

  test('stop works with a wrong configuration, and graceful-stop waits for what is in progress', async () => {
    const place = await Place.make();
    await place.front('-k', 'start');
    const busy = await HttpConnection.open(place.port);
    busy.socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n');
    await busy.request({ path: '/' }).catch(() => {});
    place.write('Frobnicate');
    assert.equal((await place.front('-k', 'graceful-stop')).code, 0);
    busy.close();
    assert.ok(await until(() => !existsSync(place.pidFile), 8000), place.log());
    // The log is closed last.
    assert.ok(await until(() => /info stopping signal="?SIGWINCH/.test(place.log()), 3000), place.log());
  });

  for (const words of [['-D', 'FOREGROUND'], ['-DFOREGROUND'], ['-X']]) {
    test(`start with ${words.join(' ')} stays in the foreground`, async () => {
      await using place = await Place.make();
      const child = Child.start([process.execPath, PROGRAM, 'front', '-d', place.folder, ...words, '-k', 'start'], {
        log: join(place.folder, 'output'),
      });
      assert.ok(await until(() => existsSync(place.pidFile), 10_000), child.output());
      assert.equal(place.pid, child.pid);
      assert.ok(await child.stop());
      assert.equal(child.end, 0);
    });
  }
});

describe('what is printed', () => {
  test('-t says Syntax OK on standard error, or what is wrong and 1', async () => {
    await using place = await Place.make();
    assert.deepEqual(await place.front('-t'), { code: 0, stdout: '', stderr: 'Syntax OK\n' });
    place.write('Frobnicate\nProxyRequests On');
    const { code, stderr } = await place.front('-t');
    assert.equal(code, 1);
    assert.match(stderr, /conf:6: warning: ProxyRequests.*\n.*conf:5: error: Frobnicate/);
    assert.doesNotMatch((await place.front('-t', '-e', 'error')).stderr, /warning/);
    const file = join(place.folder, 'startup');
    assert.equal((await place.front('-t', '-E', file)).stderr, '');
    assert.match(readFileSync(file, 'utf8'), /Frobnicate/);
  });

  test('-S, -M, -v, -V, -l, -L print and end, whether something runs or not', async () => {
    await using place = await Place.make();
    const starts: Record<string, RegExp> = {
      '-S': /^VirtualHost configuration:\nServerRoot: "/,
      '-M': /^Loaded Modules:\n core_module \(static\)\n/,
      '-v': /^Server version: Catflap\/\d/,
      '-V': /^Server version: Catflap\/\d[\s\S]*-D SERVER_CONFIG_FILE="\/.*conf\/httpd\.conf"/,
      '-l': /^Compiled in modules:\n[\s\S]* {2}core\.c\n/,
      '-L': /^<?[A-Z]\w+ \(/,
      '-DDUMP_INCLUDES': /^Included configuration files:\n {2}\(\*\) \/.*conf\/httpd\.conf\n$/,
    };
    for (const [option, start] of Object.entries(starts)) {
      const { code, stdout, stderr } = await place.front(option);
      assert.deepEqual([code, stderr], [0, ''], option);
      assert.match(stdout, start);
    }
    assert.match((await place.front('-t', '-D', 'DUMP_VHOSTS')).stdout, /^VirtualHost configuration:\n$/);
    assert.match((await place.front('-S')).stdout, /^Define: DUMP_VHOSTS$/m);
  });

  test('-T does without a DocumentRoot', async () => {
    await using place = await Place.make();
    rmSync(join(place.folder, 'htdocs'), { recursive: true });
    assert.equal((await place.front('-t')).code, 1);
    const { code, stderr } = await place.front('-t', '-T');
    assert.equal(code, 0);
    assert.match(stderr, /warning: DocumentRoot[\s\S]*Syntax OK/);
    place.write('Frobnicate');
    assert.equal((await place.front('-t', '-T')).code, 1);
  });

  test('without -f and -d, and with nothing where it is looked for, it says where', async () => {
    const empty = join(root, 'empty');
    mkdirSync(empty);
    const { code, stderr } = await runCommand([...NODE, 'front', '-d', empty, '-t']);
    assert.equal(code, 2);
    assert.match(stderr, /none was found: .*empty\/conf\/httpd\.conf, .*apache2\.conf/);
  });
});

describe('the control socket', () => {
  test('status, reload, stop and control speak to the one that runs', async () => {
    await using place = await Place.make();
    place.write(
      '<Proxy balancer://app>\nBalancerMember ajp://127.0.0.1:9 route=a\n</Proxy>\nProxyPass /app balancer://app',
    );
    await place.front('-k', 'start');
    assert.equal(statSync(join(place.folder, 'logs/catflap.control')).mode & 0o777, 0o600);
    await fetchOnce(place.port, { path: '/app/x' });
    const { stdout } = await place.command('status');
    assert.match(stdout, new RegExp(`^catflap \\S+, process ${place.pid}, up \\d`));
    assert.match(
      stdout,
      /\nbalancer:\/\/app, byrequests\n {2}member .*\n {2}ajp:\/\/127\.0\.0\.1:9 +a +Init Err, failed /,
    );
    const status = JSON.parse((await place.command('status', '--json')).stdout);
    assert.equal(status.balancers[0].members[0].elected, 1);

    assert.equal((await place.command('reload')).code, 0);
    assert.match(
      (await place.command('status')).stdout,
      /generation 2.*\n1 reload done, 0 failed; the last \(graceful, /,
    );
    place.write('Frobnicate\nProxyPass');
    const failed = await place.command('reload');
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /conf:5: error: Frobnicate[\s\S]*conf:6: error: ProxyPass/);
    assert.match((await place.command('status')).stdout, /the old configuration is in force: .*Frobnicate/);

    const one = await place.run('control', '-d', place.folder, 'status', 'resource=logs');
    assert.deepEqual(JSON.parse(one.stdout), { dropped: [] });
    assert.equal((await place.run('control', '-d', place.folder, 'reload', 'manner=sideways')).code, 1);
    assert.match((await place.run('control', '-d', place.folder, 'nothing')).stderr, /there is no operation nothing/);

    assert.equal((await place.command('stop')).code, 0);
    assert.ok(await until(() => !existsSync(place.pidFile), 5000));
    const gone = await place.command('status');
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /no frontend is running behind/);
  });

  test('a socket of a process that was killed is replaced; --control chooses another path', async () => {
    await using place = await Place.make();
    await place.front('-k', 'start');
    process.kill(place.pid, 'SIGKILL');
    assert.ok(await until(async () => !(await isListening(place.port)), 5000));
    assert.equal((await place.front('-k', 'start')).code, 0);
    assert.equal((await place.command('status')).code, 0);
    await place.front('-k', 'stop');
    assert.ok(await until(() => !existsSync(place.pidFile), 5000));

    const path = join(place.folder, 'own.control');
    assert.equal((await place.front('-k', 'start', '--control', path)).code, 0);
    assert.equal((await place.run('status', '--control', path)).code, 0);
    writeFileSync(join(place.folder, 'plain'), '');
    await place.front('-k', 'stop');
    assert.ok(await until(() => !existsSync(place.pidFile), 5000));
    const refused = await place.front('-k', 'start', '--control', join(place.folder, 'plain'));
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /plain is no socket/);
  });
});

test('systemd is told when it serves, reloads and stops', async () => {
  await using place = await Place.make();
  const bin = join(place.folder, 'bin');
  const told = join(place.folder, 'told');
  mkdirSync(bin);
  writeFileSync(join(bin, 'systemd-notify'), `#!/bin/sh\necho "$@" >> ${told}\n`);
  chmodSync(join(bin, 'systemd-notify'), 0o755);
  const env = { PATH: `${bin}:${process.env.PATH}`, NOTIFY_SOCKET: '/nowhere' };
  const child = Child.start([process.execPath, PROGRAM, 'front', '-d', place.folder, '--control', 'none'], {
    env,
    log: join(place.folder, 'output'),
  });
  const words = (): string =>
    existsSync(told)
      ? readFileSync(told, 'utf8')
          .replaceAll(/=\d{2,}/g, '=N')
          .trim()
          .split('\n')
          .join(', ')
      : '';
  assert.ok(await until(() => words() !== '', 10_000), child.output());
  child.signal('SIGUSR1');
  assert.ok(await until(() => words().split(', ').length === 3, 10_000), words());
  assert.ok(await child.stop());
  assert.ok(await until(() => words().split(', ').length === 4, 5000), words());
  assert.match(words(), /^READY=1 MAINPID=N, RELOADING=1 MONOTONIC_USEC=N, READY=1 MAINPID=N, STOPPING=1$/);
});
