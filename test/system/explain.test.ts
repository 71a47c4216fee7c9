// `catflap explain` as a person and a program meet it: for a configuration, and for a frontend that runs.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Explanation } from '../../src/frontend/explain/explanation.ts';
import { Child } from '../support/child.ts';
import { fetchOnce } from '../support/client.ts';
import { type CommandResult, runCommand } from '../support/command.ts';
import { PROJECT } from '../support/front.ts';
import { freePort, isListening, until } from '../support/port.ts';

const PROGRAM = [process.execPath, join(PROJECT, 'bin/catflap.mjs')] as const;

let folder = '';
let port = 0;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'explain-'));
  const [front, gone] = [await freePort(), await freePort()];
  port = front;
  writeFileSync(
    join(folder, 'httpd.conf'),
    `Listen 127.0.0.1:${front}
ServerName www.example.test
PidFile ${folder}/front.pid
ProxyPass /app/ balancer://c/app/ stickysession=JSESSIONID|jsessionid
<Proxy balancer://c>
  BalancerMember ajp://127.0.0.1:${gone} route=a retry=600
  BalancerMember ajp://127.0.0.1:1 route=b status=+D
</Proxy>
`,
  );
});
after(() => rmSync(folder, { recursive: true, force: true }));

function catflap(...words: string[]): Promise<CommandResult> {
  return runCommand([...PROGRAM, ...words], { cwd: folder });
}

describe('catflap explain', () => {
  test('tells people in lines with file and line', async () => {
    const { code, stdout } = await catflap('explain', '-f', 'httpd.conf', '-H', 'Cookie: JSESSIONID=x.b', '/app/x?y=1');
    assert.equal(code, 0);
    assert.match(stdout, /^GET \/app\/x\?y=1 from 127\.0\.0\.1\n/);
    assert.match(stdout, /^Mapping {5}\/app\/ -> balancer:\/\/c\/app\/ {2}\(httpd\.conf:4\)$/m);
    assert.match(stdout, /^Session {5}cookie JSESSIONID, id x, route b$/m);
    assert.match(stdout, /^Chosen {6}ajp:\/\/127\.0\.0\.1:\d+, because of byrequests/m);
    assert.doesNotMatch(stdout, / $/m, 'no line ends in blanks');
  });

  test('tells programs in JSON', async () => {
    const { code, stdout } = await catflap('explain', '-f', 'httpd.conf', '--json', '-X', 'POST', '/App/x');
    assert.equal(code, 0);
    const explanation = JSON.parse(stdout) as Explanation;
    assert.equal(explanation.request.method, 'POST');
    assert.match(explanation.passes[0].mapping.nearly[0].why, /letter case/);
    assert.equal(explanation.answer?.status, 404);
  });

  test('a question that makes no sense is 2, nobody to be asked is 1', async () => {
    for (const words of [['nonsense'], ['/x', '-H', 'nonsense'], ['/x', '-H', 'a b: c']])
      assert.equal((await catflap('explain', '-f', 'httpd.conf', ...words)).code, 2, words.join(' '));
    const { code, stderr } = await catflap('explain', '-f', 'httpd.conf', '--live', '/x');
    assert.equal(code, 1);
    assert.match(stderr, /no frontend is running/);
  });

  test('--live asks the process that runs: its members as they are, with what went wrong', async () => {
    const child = Child.start([...PROGRAM, 'front', '-f', 'httpd.conf'], { cwd: folder, log: join(folder, 'output') });
    try {
      assert.ok(await until(() => isListening(port), 15_000), child.output());
      assert.equal((await fetchOnce(port, { path: '/app/x' })).status, 503);
      const { stdout } = await catflap('explain', '-f', 'httpd.conf', '--live', '--json', '/app/x');
      const { elections, request } = JSON.parse(stdout) as Explanation;
      assert.equal(request.isRehearsal, true);
      assert.deepEqual(
        elections[0].members.map(({ status, elected, lastError }) => [status, elected, lastError?.code]),
        [
          ['Init Err', 1, 'connect-refused'],
          ['Init Dis', 0, undefined],
        ],
      );
      const status = await catflap('status', '-f', 'httpd.conf');
      assert.match(status.stdout, /had trouble, last at \S+: connection refused: .*\(connect-refused\)/);
      const again = await catflap('status', '-f', 'httpd.conf', '--json');
      const { balancers } = JSON.parse(again.stdout) as {
        balancers: { members: { elected: number; lastError: { count: number } | null }[] }[];
      };
      assert.deepEqual(
        balancers[0].members.map(({ elected, lastError }) => [elected, lastError?.count]),
        [
          [1, 1],
          [0, undefined],
        ],
        'an explanation changes nothing',
      );
    } finally {
      await child.stop();
    }
  });
});
