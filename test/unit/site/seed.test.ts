// The configurations that the project comes from load as they stand, in both forms, and the wrong one is explained.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { diskFiles } from '../../../src/config/files.ts';
import { checkSite } from '../../../src/site/check/check.ts';
import { type LoadedSite, loadSite } from '../../../src/site/load.ts';
import { ask, settingsAt } from './support.ts';

const directory = fileURLToPath(new URL('../../data/seed/', import.meta.url));

function seed(file: string): LoadedSite {
  return loadSite({
    file: `${directory}${file}`,
    files: diskFiles,
    before: ['Listen 127.0.0.1:18000'],
    environment: {},
  });
}

for (const file of ['httpd.conf', 'proxy_ajp-location.conf'])
  test(`${file} maps /webapp/ to its balancer, with sessions, and guards its manager`, () => {
    const { snapshot, findings } = seed(file);
    assert.ok(snapshot);
    assert.deepEqual(
      findings.map((one) => one.code),
      file === 'httpd.conf' ? [] : ['parameter-ignored'],
    );
    assert.deepEqual(ask(snapshot, '/webapp/a'), { status: 200, target: '/webapp/a', port: 8009 });
    assert.deepEqual(ask(snapshot, '/webapp'), { status: 404 });
    const balancer = snapshot.balancers.get('balancer://webapp');
    assert.deepEqual(
      balancer?.members.map((member) => [member.url, member.path, member.route, member.loadFactor]),
      [
        ['ajp://192.168.1.3:8009/webapp', '/webapp', 'jvm1', 1000],
        ['ajp://192.168.1.4:8009/webapp', '/webapp', 'jvm2', 1000],
      ],
    );
    assert.equal(balancer?.stickiness?.cookieName, 'JSESSIONID');
    const manager = settingsAt(snapshot.mainHost, '/balancer-manager/');
    assert.equal(manager.handler, 'balancer-manager');
    assert.equal(manager.access?.order?.orders[0].order, 'deny,allow');
    assert.deepEqual(
      checkSite(snapshot).map(({ severity, code }) => `${severity} ${code}`),
      ['note session-in-url-missed'],
    );
  });

test('an Include of the seed tells its own file and line', () => {
  const { snapshot } = seed('httpd.conf');
  assert.match(snapshot?.mainHost.mappings[0]?.place.file ?? '', /conf\.d\/proxy_ajp\.conf$/);
  assert.equal(snapshot?.mainHost.mappings[0]?.place.line, 2);
});

test('the form with slashes everywhere loads, and check shows the path it leads to', () => {
  const { snapshot } = seed('proxy_ajp-trailing-slash.wrong.conf');
  assert.ok(snapshot);
  assert.equal(ask(snapshot, '/webapp/a').target, '/webapp//a');
  const findings = checkSite(snapshot).filter((one) => one.code === 'double-slash');
  assert.deepEqual(
    findings.map((one) => one.line),
    [4, 5],
  );
  assert.match(findings[0].message, /\/webapp\/\/index\.html/);
  assert.match(findings[0].message, /write ajp:\/\/192\.168\.1\.3:8009\/webapp$/);
});

test('a status worker in a Location is mounted there', () => {
  const { snapshot, findings } = loadSite({
    file: `${directory}httpd.conf`,
    files: diskFiles,
    before: ['Listen 80'],
    after: [
      'JkWorkerProperty worker.list=jkstatus',
      'JkWorkerProperty worker.jkstatus.type=status',
      '<Location /jkmanager/>\nJkMount jkstatus\nRequire ip 127.0.0.1\n</Location>',
    ],
    environment: {},
  });
  assert.deepEqual(
    findings.filter((one) => one.severity !== 'note'),
    [],
  );
  const [mount] = snapshot?.mainHost.jk?.mounts ?? [];
  assert.deepEqual([mount.pattern, mount.worker, mount.place.line], ['/jkmanager/', 'jkstatus', 2]);
});
