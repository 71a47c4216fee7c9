// Options of the command line that stand for directives of an httpd.conf.

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { loadConfiguration, nameOf, withDefaults } from '../../../src/cli/configuration.ts';
import { spokenDirectives } from '../../../src/cli/spoken.ts';
import { MemoryFiles } from '../../../src/config/files.ts';
import { formatFinding } from '../../../src/config/finding.ts';

test('--workers, --mounts, --mount, --worker-property and --listen are directives, placed by option and use', () => {
  const directives = spokenDirectives({
    workers: '/w/workers.properties',
    workerProperty: ['worker.list=lb', 'port = 8009'],
    mounts: '/w/uriworkermap.properties',
    mount: ['/x/* = lb;stateless=1', '!/x/static/*=lb'],
    listen: ['127.0.0.1:8080', '[::1]:8080'],
  });
  assert.deepEqual(
    directives.map(({ text, place }) => `${place.file}:${place.line} ${text}`),
    [
      '--listen:1 Listen "127.0.0.1:8080"',
      '--listen:2 Listen "[::1]:8080"',
      '--workers:1 JkWorkersFile "/w/workers.properties"',
      '--worker-property:1 JkWorkerProperty worker.list=lb',
      '--worker-property:2 JkWorkerProperty port = 8009',
      '--mounts:1 JkMountFile "/w/uriworkermap.properties"',
      '--mount:1 JkMount "/x/*" "lb;stateless=1"',
      '--mount:2 JkUnMount "/x/static/*" "lb"',
    ],
  );
});

test('an option stands for one directive, whatever is in it', () => {
  const texts = spokenDirectives({ workers: '/a "b"\\c', workerProperty: ['x=1\nUser root'] }).map(({ text }) => text);
  assert.deepEqual(texts, ['JkWorkersFile "/a \\"b\\"\\\\c"', 'JkWorkerProperty x=1 User root']);
});

test('with workers no httpd.conf is looked for, and relative names begin where the program was started', () => {
  const options = withDefaults({ workers: 'conf/workers.properties', mounts: 'conf/map' });
  assert.ok(options);
  assert.deepEqual(
    [options.file, options.workers, options.mounts, options.serverRoot],
    [undefined, resolve('conf/workers.properties'), resolve('conf/map'), resolve('conf')],
  );
  assert.equal(nameOf(options), resolve('conf/workers.properties'));
  assert.equal(withDefaults({ workerProperty: ['worker.list=a'] })?.file, undefined);
});

test('what is wrong with an option is told with its name and number', () => {
  const files = new MemoryFiles({ '/w/workers.properties': 'worker.list=ajp13\n' });
  const options = { file: undefined, serverRoot: '/w', workers: '/w/workers.properties', listen: ['8080', 'nonsense'] };
  const errors = loadConfiguration(options, false, files).findings.filter(({ severity }) => severity === 'error');
  assert.match(errors.map(formatFinding).join('\n'), /^--listen:2: error: Listen: /);
});

test('the same options beside a file are directives that come before it', () => {
  const files = new MemoryFiles({ '/w/httpd.conf': 'Listen 8081\n' });
  const { snapshot } = loadConfiguration({ file: '/w/httpd.conf', serverRoot: '/w', listen: ['8080'] }, false, files);
  assert.deepEqual(
    snapshot?.listens.map(({ port }) => port),
    [8080, 8081],
  );
});
