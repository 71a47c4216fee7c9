// The package as it is published: packed, installed in an empty folder, and used there on the lowest Node that it
// supports and on the one it is developed on.

import assert from 'node:assert/strict';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Child } from '../support/child.ts';
import { fetchOnce } from '../support/client.ts';
import { mustRun, runCommand } from '../support/command.ts';
import { PROJECT } from '../support/front.ts';
import { lowestSupported, nodeOfVersion, tooOldNode, withNode } from '../support/nodes.ts';
import { freePort, isListening, until } from '../support/port.ts';

const LIMIT_MS = 180_000;
const { exports, dependencies, version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
const MODULES = Object.keys(exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace(/^\./, 'catflap'));

let folder = '';
let lowest = '';

before(
  async () => {
    folder = mkdtempSync(join(tmpdir(), 'package-'));
    await mustRun(['npm', 'pack', '--pack-destination', folder], { cwd: PROJECT, limitMs: LIMIT_MS });
    const [tarball] = globSync('*.tgz', { cwd: folder });
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
    await mustRun(['npm', 'install', '--no-audit', '--no-fund', `./${tarball}`], { cwd: folder, limitMs: LIMIT_MS });
    lowest = await nodeOfVersion(lowestSupported());
  },
  { timeout: 2 * LIMIT_MS },
);

after(() => rmSync(folder, { recursive: true, force: true }));

test('it brings its dependencies and no others', () => {
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  assert.deepEqual(Object.keys(lock.packages['node_modules/catflap'].dependencies), Object.keys(dependencies));
  assert.deepEqual(
    globSync('node_modules/*', { cwd: folder })
      .map((path) => basename(path))
      .filter((name) => ['node', 'typescript', 'express', '@types'].includes(name)),
    [],
  );
});

test('it holds what runs and what tells of it, and no sources, tests or scripts', () => {
  const files = globSync('**/*', { cwd: join(folder, 'node_modules/catflap'), withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, 'node_modules/catflap/').length));
  const strange = files.filter(
    (file) => !/^(bin\/catflap\.mjs|dist\/.+\.(js|d\.ts)|docs\/.+\.md|[A-Z]+(\.md)?|package\.json)$/.test(file),
  );
  assert.deepEqual(strange, []);
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'bin/catflap.mjs']) assert.ok(files.includes(file), file);
});

test('every source is built, and nothing older lies beside it', () => {
  const built = globSync('**/*.js', { cwd: join(folder, 'node_modules/catflap/dist') }).map((file) =>
    file.slice(0, -3),
  );
  const sources = globSync('**/*.ts', { cwd: join(PROJECT, 'src') }).map((file) => file.slice(0, -3));
  assert.deepEqual(built.toSorted(), sources.toSorted());
});

test('what its README links to is in it', () => {
  const installed = join(folder, 'node_modules/catflap');
  const readme = readFileSync(join(installed, 'README.md'), 'utf8');
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path);
  assert.ok(links.length > 0);
  assert.deepEqual(
    links.filter((path) => !existsSync(join(installed, path))),
    [],
  );
});

test('its types resolve in every module for a consumer who checks libraries too', { timeout: LIMIT_MS }, async () => {
  const consumer = join(folder, 'consumer');
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  for (const name of ['@types/node', 'undici-types'])
    symlinkSync(join(PROJECT, 'node_modules', name), join(folder, 'node_modules', name));
  mkdirSync(consumer);
  writeFileSync(join(consumer, 'use.ts'), CONSUMER);
  const options = {
    target: 'esnext',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    preserveSymlinks: true,
    types: ['node'],
  };
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
  const checker = join(PROJECT, 'node_modules/.bin/tsc');
  const sound = await runCommand([checker, '-p', consumer], { limitMs: LIMIT_MS });
  assert.deepEqual([sound.code, sound.stdout], [0, '']);

  writeFileSync(join(consumer, 'use.ts'), CONSUMER.replace("route: 'jvm1'", 'route: 1'));
  const broken = await runCommand([checker, '-p', consumer], { limitMs: LIMIT_MS });
  assert.match(broken.stdout, /use\.ts\(\d+,\d+\): error TS2322/);
});

const CONSUMER = `
import { createServer } from 'node:http';
import { checkConfiguration, type Finding, startFrontend } from 'catflap';
import { ForwardRequest } from 'catflap/ajp';
import { createConnector } from 'catflap/appserver';
import * as balancer from 'catflap/balancer';
import { sessionOf, sessions } from 'catflap/session';

const findings: readonly Finding[] = checkConfiguration({ file: 'httpd.conf' });
const frontend: Promise<{ stop(): Promise<void> }> = startFrontend({ file: 'httpd.conf' });
const request: string = new ForwardRequest().uri;
const withSession = sessions({ route: 'jvm1' });
createConnector((req, res) => withSession(req, res, () => res.end(sessionOf(req).id))).listen(8009);
createServer().close();
export { balancer, findings, frontend, request };
`;

for (const [title, program] of [
  [`Node ${lowestSupported()}`, () => lowest],
  [`Node ${process.versions.node}`, () => process.execPath],
] as const) {
  describe(`on ${title}`, () => {
    test('every module can be imported and offers something', async () => {
      const script = MODULES.map(
        (name) => `console.log(${JSON.stringify(name)}, Object.keys(await import(${JSON.stringify(name)})).length);`,
      ).join('\n');
      const { stdout, stderr } = await mustRun([program(), '--input-type=module', '-e', script], { cwd: folder });
      assert.equal(stderr, '');
      const counts = stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' '));
      assert.deepEqual(
        counts.map(([name]) => name),
        MODULES,
      );
      for (const [name, count] of counts) assert.ok(Number(count) > 0, name);
    });

    test('an application and a frontend made of its modules answer a request', async () => {
      const script = join(folder, 'use.js');
      writeFileSync(script, USE);
      const { stdout } = await mustRun([program(), script, `${await freePort()}`], { cwd: folder });
      assert.match(stdout, /^200 \/app\/page visit 1 JSESSIONID=[0-9A-F]{32}\.jvm1; Path=\/; HttpOnly\n$/);
    });

    test('npx catflap tells its version', async () => {
      const { stdout } = await mustRun(['npx', 'catflap', '--version'], { cwd: folder, env: withNode(program()) });
      assert.equal(stdout, `${version}\n`);
    });

    test('npx catflap check tells findings with file and line', async () => {
      writeFileSync(join(folder, 'small.conf'), 'Listen 8080\nFrobnicate On\n');
      const { code, stdout } = await runCommand(['npx', 'catflap', 'check', '-f', 'small.conf'], {
        cwd: folder,
        env: withNode(program()),
      });
      assert.equal(code, 2);
      assert.match(stdout, /\/small\.conf:2: error: Frobnicate: .+\(unknown-directive\)\n/);
    });

    test('npx catflap front serves until it is told to stop', async () => {
      const port = await freePort();
      mkdirSync(join(folder, 'htdocs'), { recursive: true });
      writeFileSync(join(folder, 'htdocs/index.html'), 'from the package\n');
      const conf = `Listen 127.0.0.1:${port}\nServerName localhost\nDocumentRoot htdocs\n`;
      writeFileSync(join(folder, 'front.conf'), conf);
      const front = Child.start(['npx', 'catflap', 'front', '-f', 'front.conf'], {
        cwd: folder,
        env: withNode(program()),
        log: join(folder, 'front.log'),
      });
      assert.ok(await until(() => front.hasEnded || isListening(port), 15_000), front.output());
      const answer = await fetchOnce(port, { path: '/' });
      assert.deepEqual([answer.status, answer.body.toString()], [200, 'from the package\n']);
      assert.ok(await front.stop());
      assert.match(front.output(), new RegExp(`^listening on 127\\.0\\.0\\.1:${port}$`, 'm'));
      assert.doesNotMatch(front.output(), /Warning|Error/);
    });
  });
}

const USE = `
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { startFrontend } from 'catflap';
import { createConnector } from 'catflap/appserver';
import { sessions } from 'catflap/session';

const withSession = sessions({ route: 'jvm1' });
const connector = createConnector((req, res) =>
  withSession(req, res, () => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.end(req.url + ' visit ' + req.session.visits);
  }),
).listen(0);
await once(connector, 'listening');
writeFileSync('use.conf', \`Listen 127.0.0.1:\${process.argv[2]}
ServerName localhost
<Proxy balancer://app>
  BalancerMember ajp://127.0.0.1:\${connector.address().port} route=jvm1
</Proxy>
ProxyPass / balancer://app/ stickysession=JSESSIONID
\`);
const frontend = await startFrontend({ file: 'use.conf' });
const answer = await fetch(\`http://127.0.0.1:\${frontend.addresses[0].port}/app/page\`, { headers: { connection: 'close' } });
console.log(answer.status, await answer.text(), answer.headers.get('set-cookie'));
await frontend.stop();
connector.close();
`;

describe('on an older Node', () => {
  test('the installed command says in one line what it needs', async () => {
    const old = await tooOldNode();
    for (const command of [
      [join(folder, 'node_modules/.bin/catflap'), '--version'],
      [old, join(folder, 'node_modules/catflap/bin/catflap.mjs'), 'front', '-f', 'front.conf'],
    ]) {
      const { code, stdout, stderr } = await runCommand(command, { cwd: folder, env: withNode(old) });
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(
        stderr,
        new RegExp(`^catflap needs Node ${RegExp.escape(lowestSupported())} or later; this is Node [\\d.]+\\.\\n$`),
      );
    }
  });

  test('the command of a checkout runs on the Node that npm ci has brought', async () => {
    const old = await tooOldNode();
    const { stdout } = await mustRun([join(PROJECT, 'bin/catflap.mjs'), '--version'], { env: withNode(old) });
    assert.equal(stdout, `${version}\n`);
  });

  test('npx catflap works in a checkout', async () => {
    const old = await tooOldNode();
    const { stdout } = await mustRun(['npx', 'catflap', '--version'], { cwd: PROJECT, env: withNode(old) });
    assert.equal(stdout, `${version}\n`);
  });
});
