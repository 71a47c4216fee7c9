// The command line as a person meets it: help, mistakes, and what `check` and `front` say of configurations.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CommandResult, runCommand } from '../support/command.ts';
import { PROJECT } from '../support/front.ts';
import { freePort } from '../support/port.ts';

const PROGRAM = [process.execPath, join(PROJECT, 'bin/catflap.mjs')];
/** Takes from root what it takes to bind a low port, and nothing else: the program must stay readable. */
const WITHOUT_LOW_PORTS = ['setpriv', '--bounding-set=-net_bind_service', '--inh-caps=-net_bind_service'];
const isRoot = process.getuid?.() === 0;

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
  cpSync(join(PROJECT, 'test/data/seed'), join(folder, 'seed'), { recursive: true });
  mkdirSync(join(folder, 'htdocs'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function catflap(...words: string[]): Promise<CommandResult> {
  return runCommand([...PROGRAM, ...words], { cwd: folder });
}

function write(name: string, ...lines: string[]): string {
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  return name;
}

/** Lines of findings without their folder, the last line apart. */
function findingsOf({ stdout }: CommandResult): { lines: string[]; sum: string } {
  const lines = stdout.trimEnd().replaceAll(`${folder}/`, '').split('\n');
  return { lines: lines.slice(0, -1), sum: lines.at(-1) ?? '' };
}

describe('the command line', () => {
  test('--help names the commands, and each of them has its own help', async () => {
    const { code, stdout } = await catflap('--help');
    assert.equal(code, 0);
    for (const name of ['front', 'check', 'demo']) {
      assert.match(stdout, new RegExp(`^ {2}${name} `, 'm'));
      assert.match((await catflap(name, '--help')).stdout, new RegExp(`^Usage: catflap ${name} `));
    }
    assert.doesNotMatch(stdout, /demo-member/);
  });

  test('the help of check tells its exit codes, that of front its signals', async () => {
    assert.match((await catflap('check', '--help')).stdout, /Exit code: 0 nothing wrong, 1 warnings, 2 errors/);
    assert.match(
      (await catflap('front', '--help')).stdout,
      /SIGUSR1 +read the configuration again and open the logs anew/,
    );
  });

  for (const [title, words, says] of [
    [
      'an unknown command',
      ['frnt'],
      /^error: unknown command 'frnt'\n\(Did you mean front\?\)\n\(catflap --help tells more\)\n$/,
    ],
    [
      'an unknown option',
      ['check', '-f', 'x', '--bla'],
      /^error: unknown option '--bla'\n\(catflap check --help tells more\)\n$/,
    ],
    [
      'a check of nothing',
      ['check', '-d', '/nonexistent'],
      /^error: no configuration is given with -f, and none was found: \/nonexistent\/conf\/httpd\.conf, /,
    ],
    [
      'a port that is none',
      ['demo', '--port', '99999'],
      /a port is a number from 0 to 65535\.\n\(catflap demo --help tells more\)\n$/,
    ],
    [
      'a --resolve that is none',
      ['front', '-f', 'x', '--resolve', 'y'],
      /e\.g\. 192\.168\.1\.3:8009=127\.0\.0\.1:8009\.\n/,
    ],
  ] as const) {
    test(`${title} is told with where to read more, and is neither fine nor a warning`, async () => {
      const { code, stdout, stderr } = await catflap(...words);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, says);
    });
  }
});

describe('check', () => {
  test("mod_jk's files are looked through alone, with no httpd.conf beside them", async () => {
    const workers = write(
      'w.properties',
      'worker.list=lb',
      'worker.lb.type=lb',
      'worker.lb.balance_workers=a,b',
      'worker.a.redirect=c',
    );
    const map = write('map.properties', '/app|/*=lb', '/other=nobody');
    const both = await catflap('check', '--workers', workers, '--mounts', map);
    assert.deepEqual(
      [both.code, findingsOf(both).lines.map((line) => line.split(':').slice(0, 2).join(':'))],
      [1, ['w.properties:3', 'w.properties:4', 'map.properties:2']],
    );
    const seed = await catflap('check', '--workers', 'seed/workers-basic.properties');
    assert.match(
      seed.stdout,
      /workers-basic\.properties:9: warning: worker\.worker1\.host: .*worker2 is nowhere given a host/,
    );
    const advanced = await catflap('check', '--workers', 'seed/workers-advanced.properties');
    assert.equal(advanced.code, 0, advanced.stdout);
    const wrong = write('wrong.properties', 'worker.list=x', 'worker.x.hosts=y');
    const refused = await catflap('check', '--workers', wrong);
    assert.equal(refused.code, 2);
    assert.match(refused.stdout, /^[^\n]*wrong\.properties:2: error: worker\.x\.hosts: .*did you mean host/);
  });

  test('nothing wrong is 0, a warning 1, an error 2', async () => {
    const head = ['Listen 8080', 'ServerName localhost'];
    write('fine.conf', ...head);
    write('warning.conf', ...head, 'ProxyRequests On');
    write('error.conf', ...head, 'Frobnicate On', 'ProxyRequests On');
    const results = await Promise.all(
      ['fine.conf', 'warning.conf', 'error.conf'].map((file) => catflap('check', '-f', file)),
    );
    assert.deepEqual(
      results.map((result) => [result.code, findingsOf(result).sum]),
      [
        [0, 'fine.conf: 0 errors, 0 warnings, 0 notes'],
        [1, 'warning.conf: 0 errors, 1 warning, 0 notes'],
        [2, 'error.conf: 1 error, 1 warning, 0 notes'],
      ],
    );
    assert.deepEqual(
      findingsOf(results[2]).lines.map((line) => line.split(': ').slice(0, 3)),
      [
        ['error.conf:4', 'warning', 'ProxyRequests'],
        ['error.conf:3', 'error', 'Frobnicate'],
      ],
    );
  });

  test('a file that is not there is one error, in a sentence', async () => {
    const { code, stdout } = await catflap('check', '-f', 'nothing/here.conf');
    assert.equal(code, 2);
    assert.match(
      stdout,
      /^(\S+\/nothing\/here\.conf): error: cannot read \1: it does not exist \(file-missing\)\n.*: 1 error, 0 warn/,
    );
    assert.match((await catflap('check', '-f', 'seed')).stdout, /it is a directory/);
  });

  test('a relative file is found from here, or below the ServerRoot that is given', async () => {
    mkdirSync(join(folder, 'root/conf'), { recursive: true });
    write('root/conf/httpd.conf', 'Listen 8080', 'ServerName localhost', 'Include conf/more.conf');
    write('root/conf/more.conf', 'ProxyRequests On');
    for (const words of [
      ['-d', 'root', '-f', 'conf/httpd.conf'],
      ['-d', 'root', '-f', 'root/conf/httpd.conf'],
      ['-d', join(folder, 'root'), '-f', join(folder, 'root/conf/httpd.conf')],
    ]) {
      const result = await catflap('check', ...words);
      assert.deepEqual([result.code, findingsOf(result).lines[0]?.split(': ')[0]], [1, 'root/conf/more.conf:1']);
    }
    assert.equal((await catflap('check', '-f', 'root/conf/more.conf', '-C', 'Listen 1')).code, 1);
  });

  test('without -f the file is looked for below ServerRoot', async () => {
    mkdirSync(join(folder, 'place/conf'), { recursive: true });
    write('place/conf/httpd.conf', 'Listen 1', 'ServerName localhost');
    const { code, stdout } = await catflap('check', '-d', 'place');
    assert.deepEqual([code, stdout], [0, `${join(folder, 'place/conf/httpd.conf')}: 0 errors, 0 warnings, 0 notes\n`]);
  });

  test('what is said of several lines alike is said once', async () => {
    write(
      'alike.conf',
      'Listen 1',
      'CacheEnable disk /',
      'CacheEnable disk /a',
      'CacheMaxExpire 5',
      'CacheEnable disk /b',
    );
    const { lines, sum } = findingsOf(await catflap('check', '-f', 'alike.conf'));
    assert.equal(lines.length, 2);
    assert.match(lines[0], /^alike\.conf:2: warning: CacheEnable: .*; also on lines 3 and 5 \(not-honoured\)$/);
    assert.match(lines[1], /^alike\.conf:4: warning: CacheMaxExpire: .* cached \(not-honoured\)$/);
    assert.equal(sum, 'alike.conf: 0 errors, 2 warnings, 0 notes');
  });

  test('no Listen is an error', async () => {
    const result = await catflap('check', '-f', 'seed/httpd.conf');
    assert.equal(result.code, 2);
    assert.deepEqual(findingsOf(result).lines.length, 1);
    assert.match(result.stdout, /seed\/httpd\.conf: error: Listen: there is no Listen line/);
  });

  test('--assume-files makes warnings of what only the real host has', async () => {
    write(
      'away.conf',
      'Listen 80',
      'ServerName localhost',
      'DocumentRoot /there/htdocs',
      'CustomLog /there/log common',
    );
    assert.equal((await catflap('check', '-f', 'away.conf')).code, 2);
    const assumed = await catflap('check', '-f', 'away.conf', '--assume-files');
    assert.equal(assumed.code, 1);
    assert.deepEqual(
      findingsOf(assumed).lines.map((line) => line.split(': ').slice(0, 2)),
      [
        ['away.conf:3', 'warning'],
        ['away.conf:4', 'warning'],
      ],
    );
  });

  test('-C, -c and -D are read around the file, and findings in them are told', async () => {
    write('around.conf', '<IfDefine FRONT>', 'Listen 8080', '</IfDefine>');
    assert.equal((await catflap('check', '-f', 'around.conf')).code, 2);
    assert.equal((await catflap('check', '-f', 'around.conf', '-D', 'FRONT')).code, 0);
    assert.equal((await catflap('check', '-f', 'around.conf', '-C', 'Listen 8080')).code, 0);
    const result = await catflap('check', '-f', 'around.conf', '-D', 'FRONT', '-c', 'ProxyRequests On');
    assert.deepEqual([result.code, findingsOf(result).lines[0]?.split(': ')[0]], [1, '-c:1']);
  });

  // The seed's own words on each: a slash too many, and a parameter where it means nothing.
  for (const [file, code, findings] of [
    ['httpd.conf', 0, ['conf.d/proxy_ajp.conf2: note: (session-in-url-missed)']],
    ['conf.d/proxy_ajp.conf', 0, ['2: note: (session-in-url-missed)']],
    [
      'proxy_ajp-location.conf',
      1,
      ['9: note: (session-in-url-missed)', '10: warning: ProxyPassReverse: (parameter-ignored)'],
    ],
    [
      'proxy_ajp-trailing-slash.wrong.conf',
      1,
      [
        '2: note: (session-in-url-missed)',
        '3: note: <Proxy>: (balancer-slash)',
        '4: warning: BalancerMember: (double-slash)',
        '5: warning: BalancerMember: (double-slash)',
      ],
    ],
  ] as const) {
    test(`the seed's ${file} is understood, down to its traps`, async () => {
      const result = await catflap('check', '-d', 'seed', '-f', file, '-C', 'Listen 8080');
      assert.equal(result.code, code);
      assert.deepEqual(
        findingsOf(result).lines.map((line) =>
          line.replace(
            /^seed\/(\S+?):(\d+: \w+:(?: (?!stickysession)\S+)?) .*( \([\w-]+\))$/,
            (_, at, what, name) => `${at === file ? '' : at}${what}${name}`,
          ),
        ),
        findings,
      );
    });
  }

  test('what the seed calls wrong is explained by an example and a remedy', async () => {
    const { stdout } = await catflap(
      'check',
      '-d',
      'seed',
      '-f',
      'proxy_ajp-trailing-slash.wrong.conf',
      '-C',
      'Listen 80',
    );
    assert.match(
      stdout,
      /a request for \/webapp\/index\.html asks ajp:\/\/192\.168\.1\.3:8009 for \/webapp\/\/index\.html/,
    );
    assert.match(stdout, /write ajp:\/\/192\.168\.1\.3:8009\/webapp /);
  });
});

describe('front', () => {
  test('does not start on errors, and tells them', async () => {
    write('broken.conf', 'Listen 8080', 'Frobnicate On');
    const { code, stdout, stderr } = await catflap('front', '-f', 'broken.conf');
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(
      stderr,
      /\/broken\.conf:2: error: Frobnicate: .*\nThe frontend does not start: the configuration has errors\.\n$/,
    );
  });

  test('says which port is taken, also the second of two, and leaves nothing running', async () => {
    const [free, taken] = [await freePort(), await freePort()];
    const holder = createServer().listen(taken, '127.0.0.1');
    try {
      write(
        'taken.conf',
        `Listen 127.0.0.1:${free}`,
        `Listen 127.0.0.1:${taken}`,
        'ServerName localhost',
        'PidFile taken.pid',
      );
      const { code, stderr } = await catflap('front', '-f', 'taken.conf');
      assert.equal(code, 1);
      assert.equal(
        stderr,
        `The frontend does not start: 127.0.0.1:${taken} is taken by another process; choose another port, or end that process\n`,
      );
    } finally {
      holder.close();
    }
  });

  test('says that an address is not of this machine', async () => {
    write('elsewhere.conf', 'Listen 192.0.2.7:8080', 'ServerName localhost');
    const { code, stderr } = await catflap('front', '-f', 'elsewhere.conf');
    assert.deepEqual(
      [code, stderr],
      [1, 'The frontend does not start: 192.0.2.7 is not an address of this machine; correct the Listen line\n'],
    );
  });

  test('says that a low port is for root', { skip: !isRoot && 'needs root' }, async () => {
    write('low.conf', 'Listen 127.0.0.1:81', 'ServerName localhost');
    const { code, stderr } = await runCommand([...WITHOUT_LOW_PORTS, ...PROGRAM, 'front', '-f', 'low.conf'], {
      cwd: folder,
    });
    assert.equal(code, 1);
    assert.match(stderr, /port 81 is only for root; start as root, or choose a port above 1023/);
  });

  test('says who cannot be found when it should become somebody', { skip: !isRoot && 'needs root' }, async () => {
    write(
      'user.conf',
      `Listen 127.0.0.1:${await freePort()}`,
      'ServerName localhost',
      'User nobody-at-all',
      'PidFile user.pid',
    );
    const { code, stderr } = await catflap('front', '-f', 'user.conf');
    assert.equal(code, 1);
    assert.match(stderr, /The frontend does not start: there is no user nobody-at-all/);
  });
});
