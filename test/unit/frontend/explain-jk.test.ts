// What `explain` says of requests for workers of mod_jk.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explanationText } from '../../../src/cli/explain-text.ts';
import { MemoryFiles } from '../../../src/config/files.ts';
import { arrivalOf } from '../../../src/frontend/explain/arrival.ts';
import { loadSite } from '../../../src/site/load.ts';
import { explain, withCookie } from './explaining.ts';

const WORKERS = [
  'worker.list=lb',
  'worker.lb.type=lb',
  'worker.lb.balance_workers=a,b',
  'worker.lb.method=B',
  'worker.a.host=10.0.0.1',
  'worker.a.redirect=b',
  'worker.a.activation=stopped',
  'worker.a.secret=sesame',
  'worker.b.host=10.0.0.2',
  'worker.b.activation=disabled',
];
const SITE = [
  ...WORKERS.map((line) => `JkWorkerProperty ${line}`),
  'ServerName www.test',
  'JkMount /app/* lb',
  'JkEnvVar STAGE live',
].join('\n');

describe('a worker of mod_jk', () => {
  test('the member is told what mod_jk tells it', async () => {
    const { backend } = await explain(`Listen 8080\n${SITE}`, {
      ...withCookie('JSESSIONID=x.b', 'http://www.test/app/a%20b?q'),
      from: '192.0.2.7',
    });
    const head = Object.fromEntries(backend?.head ?? []);
    assert.deepEqual([head.uri, head.server_name, head.server_port], ['/app/a%20b', 'www.test', '80']);
    assert.deepEqual(Object.fromEntries(backend?.attributes ?? []), {
      query_string: 'q',
      jvm_route: 'b',
      AJP_REMOTE_PORT: '49152',
      AJP_LOCAL_ADDR: '127.0.0.1',
      JK_LB_ACTIVATION: 'DIS',
      STAGE: 'live',
    });
    assert.deepEqual(backend?.headers.at(-1), ['content-length', '0']);
  });

  test('members have the states that the status worker shows, and the session its route', async () => {
    const explanation = await explain(`Listen 8080\n${SITE}`, withCookie('JSESSIONID=x.a'));
    const [election] = explanation.elections;
    assert.deepEqual(
      election.members.map(({ status }) => status),
      ['stopped OK/IDLE', 'disabled OK/IDLE'],
    );
    assert.match(election.why, /route "a" leads here by redirect/);
    const text = explanationText(explanation, '/');
    assert.match(text, /^Balancer +lb worker lb, busyness {2}\(/m);
    assert.match(text, /waits without a limit to connect, without a limit for each sign of life/);
  });

  test('without a Listen line the port of the URL is taken', () => {
    const { snapshot } = loadSite({
      file: undefined,
      serverRoot: '/srv',
      spoken: [{ text: 'JkMount /app/* lb', place: { file: '--mount', line: 1 } }],
      files: new MemoryFiles({}),
      environment: {},
    });
    assert.ok(snapshot);
    assert.deepEqual(snapshot.listens, []);
    assert.equal(arrivalOf(snapshot, 'http://www.test:81/app/x', undefined).localPort, 81);
    assert.equal(arrivalOf(snapshot, '/app/x', undefined).localPort, 80);
  });
});
