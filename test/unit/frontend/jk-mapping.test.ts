// mod_jk among the phases of a request: what comes before a rule, what a rule leaves to files, who is asked in the end. All
// answers are those of httpd 2.4.71 with mod_jk 1.2.48.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { FORWARD_REQUEST, readForwardRequest } from '../../support/ajp-peer.ts';
import { Lab, type Line, until } from './lab.ts';
import { ajpAnswer } from './messages.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'jk-mapping-'));
after(() => rmSync(FOLDER, { recursive: true }));
const FILES: Record<string, string> = {
  'docs/local.txt': 'local file',
  'docs/index.html': 'index',
  'docs/empty/x': 'x',
  'docs/full/index.jsp': 'source',
  'docs/app/only.txt': 'below DocumentRoot',
  'docs/sh/x.html': 'page',
  'apps/app/x.html': 'app x',
  'apps/app/inner/y.html': 'app y',
  'apps/app/WEB-INF/web.xml': 'secret',
  'apps/app/d/WEB-INF/z': 'deep',
  'apps/aliased/local.txt': 'application',
  'apps/foo.war': 'war',
};
for (const [path, text] of Object.entries(FILES)) {
  mkdirSync(dirname(join(FOLDER, path)), { recursive: true });
  writeFileSync(join(FOLDER, path), text);
}

const BASE = `DocumentRoot ${FOLDER}/docs
JkWorkerProperty worker.list=w1,w2,st
JkWorkerProperty worker.w1.host=127.0.0.1
JkWorkerProperty worker.w1.port=@1
JkWorkerProperty worker.w2.host=127.0.0.1
JkWorkerProperty worker.w2.port=@2
JkWorkerProperty worker.st.type=status
`;

/** A site whose workers answer with their name and the path they were asked for. */
async function open(conf: string): Promise<Lab> {
  const files = Object.fromEntries(Object.keys(FILES).map((path) => [join(FOLDER, path), '']));
  const lab = await Lab.open(BASE + conf, 2, undefined, files);
  for (const [i, backend] of lab.backends.entries())
    backend.onLine = (line) => {
      let seen = 0;
      line.socket.on('data', () => {
        seen = answerNew(line, seen, `w${i + 1}`);
      });
    };
  return lab;
}

function answerNew(line: Line, seen: number, name: string): number {
  const { packets } = line;
  for (const payload of packets.slice(seen))
    if (payload[0] === FORWARD_REQUEST) line.send(ajpAnswer(`${name} ${readForwardRequest(payload).uri}`));
  return packets.length;
}

/** Each request's answer: the text of a 200, otherwise status and Location. `TRACE /x` asks with another method. */
async function ask(lab: Lab, target: string, headers = ''): Promise<string> {
  const [method, path] = target.includes(' ') ? target.split(' ') : ['GET', target];
  const client = lab.ask(`${method} ${path} HTTP/1.1\r\nHost: front.test\r\n${headers}\r\n`);
  await until(() => client.heard(method).isWhole, `an answer to ${target}`);
  const { body } = client.heard(method);
  const [status] = client.statuses;
  return status === 200
    ? body
        .split('\n')[0]
        .replace(/ HTTP.*/, '')
        .trim()
    : String(status);
}

async function answers(conf: string, expected: Record<string, string>, headers = ''): Promise<void> {
  await using lab = await open(conf);
  const got: Record<string, string> = {};
  for (const target of Object.keys(expected)) got[target] = await ask(lab, target, headers);
  assert.deepEqual(got, expected);
}

// JkMount, JkUnMount
test('a rule sends a path to its worker; an unknown worker is 500 (J-CFG-01), what is unmounted is looked for here (JS-17)', () =>
  answers('JkMount /m/* w1\nJkMount /e w2\nJkMount /u/* nosuch\nJkUnMount /m/*.txt w1\nJkMount /local.txt w2', {
    '/m/x': 'w1 /m/x',
    '/e': 'w2 /e',
    '/e/x': '404',
    '/u/x': '500',
    '/m/a.txt': '404',
    '/local.txt': 'w2 /local.txt',
    '/local.txt;a=b': 'w2 /local.txt;a=b',
    '/index.html': 'index',
    'TRACE /m/x': 'TRACE /m/x',
  }));

test('ProxyPass, mod_rewrite, Redirect and pages of SetHandler come before JkMount, Alias does not', () =>
  answers(
    `ProxyPass /pp !
ProxyPass /p ajp://127.0.0.1:@2/q
JkMount /pp/* w1
JkMount /p/* w1
Redirect /re http://x.test/
JkMount /re/* w1
Alias /al ${FOLDER}/docs
JkMount /al/* w1
RewriteEngine On
RewriteRule ^/rw/(.*)$ /m/$1 [PT]
RewriteRule ^/file/ ${FOLDER}/docs/local.txt
RewriteRule ^/own/ ${FOLDER}/docs/local.txt
RewriteRule ^/m/forbidden - [F]
JkMount /own/* w2
JkMount /m/* w1
<Location /m/manager>
SetHandler balancer-manager
</Location>`,
    {
      '/p/x': 'w2 /q/x',
      '/pp/x': 'w1 /pp/x',
      '/re/x': '302',
      '/al/local.txt': 'w1 /al/local.txt',
      '/rw/x': 'w1 /m/x',
      '/file/x': 'local file',
      '/own/x': 'w2 /own/x',
      '/m/forbidden': '403',
      '/m/manager': '501',
    },
  ));

test('SetHandler of a section takes a mounted path away, none does not', () =>
  answers(
    `JkMount /m/* w1
<Location /m/none>
SetHandler none
</Location>
<Location /m/file>
SetHandler default-handler
</Location>
<Location /m/odd>
SetHandler nobodys
</Location>`,
    { '/m/none/x': 'w1 /m/none/x', '/m/file/x': '404', '/m/odd/x': '500' },
  ));

test('sections guard the path as the worker sees it; what leaves the root is 400 (J-ACL-01)', () =>
  answers(
    'JkMount /m/* w1\nJkMount /st st\n<Location /m/deny>\nRequire all denied\n</Location>\n<Location /st>\nRequire ip 10.1.1.1\n</Location>',
    {
      '/m/deny/x': '403',
      '/m/deny;v=1/x': '403',
      '/m/de%6ey/x': '403',
      '/m/x/..;a/deny/x': '403',
      '/m/..;/m/deny/x': '403',
      '/..;/m/x': '400',
      '/m/a;v=1/b': 'w1 /m/a;v=1/b',
      '/st': '403',
    },
  ));

test('a status worker is answered by its pages; where there are none they stay closed', () =>
  answers('JkMount /st st\n', { '/st': '501' }));

test('Location: JkMount is for the exact text alone (J-MAP-11)', () =>
  answers('<Location /loc>\nJkMount w1\n</Location>\n<Location "/g/*">\nJkMount w2\n</Location>', {
    '/loc': 'w1 /loc',
    '/loc/x': '404',
    '/loc/': '404',
    '/g/x/y': 'w2 /g/x/y',
  }));

// JkWorkerIndicator
test('SetHandler jakarta-servlet asks the worker that the variable names, or that of the path', async () => {
  const sections = `<Location /sh>
SetHandler jakarta-servlet
</Location>
<Location /sh/env>
SetEnv JK_WORKER_NAME w2
</Location>
<Location /sh/ext>
SetEnv JK_WORKER_NAME "w2;reply_timeout=5000"
</Location>
<Location /sh/none>
SetEnv JK_WORKER_NAME nosuch
</Location>
<Location /env>
SetEnv JK_WORKER_NAME w2
</Location>
JkMount /sh/m/* w1
JkMount /env/* w1
`;
  await answers(sections, {
    '/sh/env/x': 'w2 /sh/env/x',
    '/sh/ext/x': 'w2 /sh/ext/x',
    '/sh/none/x': '500',
    '/sh/m/x': 'w1 /sh/m/x',
    // The variable alone gives no request to mod_jk.
    '/env/x': 'w1 /env/x',
    // httpd would send the file.
    '/sh/x.html': '404',
  });
  await answers('JkWorkerIndicator WHO\n<Location /sh>\nSetHandler jakarta-servlet\nSetEnv WHO w1\n</Location>', {
    '/sh/x': 'w1 /sh/x',
  });
});

test('SetHandler jakarta-servlet: sections guard the path as the worker sees it, and the worker gets it as it came', () =>
  answers(
    'SetEnv JK_WORKER_NAME w1\n<Location /sh>\nSetHandler jakarta-servlet\n</Location>\n<Location /sh/deny>\nRequire all denied\n</Location>',
    {
      '/sh/deny': '403',
      '/sh/deny;v=1': '403',
      '/sh/;/deny/x': '403',
      '/sh/x/..;v/deny/x': '403',
      '/sh/a;v=1/b': 'w1 /sh/a;v=1/b',
      '/sh/..;/..;/x': '400',
    },
  ));

test('SetHandler jakarta-servlet in a Directory or for Files: sections guard the path as the worker sees it', () =>
  answers(
    `SetEnv JK_WORKER_NAME w1\n<FilesMatch "\\.jsp$">\nSetHandler jakarta-servlet\n</FilesMatch>
<Directory ${FOLDER}/docs/full>\nRequire all denied\n</Directory>\n<Location /sh>\nRequire all denied\n</Location>`,
    {
      '/full/index.jsp': '403',
      '/full;v=1/index.jsp': '403',
      '/sh;v=1/x.jsp': '403',
      '/x/..;/sh/x.jsp': '403',
      '/a;v=1/x.jsp': 'w1 /a;v=1/x.jsp',
    },
  ));

// JkOptions ForwardURICompatUnparsed
test('ForwardURICompatUnparsed: what is a way up for sections and a name for Tomcat is refused', () =>
  answers('JkOptions +ForwardURICompatUnparsed\nJkMount /m/* w1\n<Location /m/deny>\nRequire all denied\n</Location>', {
    '/m/deny/..%3Bz/x': '400',
    '/m/deny/%2e.%3bz/x': '400',

    '/m/a%3Bb': 'w1 /m/a%3Bb',
    '/m/a..%3Bb': 'w1 /m/a..%3Bb',
    '/m/deny/..;z/x': 'w1 /m/deny/..;z/x',
  }));

test('no-jk keeps mod_jk away: at a rule, and under SetHandler, where the file is sent (J-MAP-11)', async () => {
  await answers('SetEnvIf X-N 1 no-jk\nJkMount /* w1', { '/local.txt': 'local file', '/m/x': '404' }, 'X-N: 1\r\n');
  await answers('JkMount /* w1\n<Location /m>\nSetEnv no-jk 1\n</Location>', { '/m/x': '404', '/x': 'w1 /x' });
  await answers(
    'SetEnvIf Request_URI "\\.html$" no-jk\n<Location /sh>\nSetHandler jakarta-servlet\nSetEnv JK_WORKER_NAME w1\n</Location>',
    { '/sh/x.html': 'page', '/sh/x.jsp': 'w1 /sh/x.jsp' },
  );
});

// JkAutoAlias
test('JkAutoAlias: files of an application are served, what is private in it is not; Alias comes before it', () =>
  answers(`JkAutoAlias ${FOLDER}/apps\nJkMount /app/*.jsp w1\nAlias /aliased ${FOLDER}/docs\n`, {
    '/app/x.html': 'app x',
    '/app/a.jsp': 'w1 /app/a.jsp',
    '/app/WEB-INF/web.xml': '404',
    '/app/web-inf/web.xml': '404',
    '/app;v=1/WEB-INF/web.xml': '404',
    '/app/d/WEB-INF/z': 'deep',
    '/foo.war': '403',
    '/aliased/local.txt': 'local file',
    '/local.txt': 'local file',
    '/app/only.txt': '404',
  }));

// JkAutoAlias
test('sections guard the files of an application, and its folders without an index, without their path parameters', () =>
  answers(
    `JkAutoAlias ${FOLDER}/apps\nDirectoryIndex index.jsp\nJkMount /*.jsp w1\n<Location /app/inner>\nRequire all denied\n</Location>\n`,
    {
      '/app/inner/y.html': '403',
      '/app/inner;v=1/y.html': '403',
      '/app/;/inner/y.html': '403',
      '/app/d/..;/inner/y.html': '403',
      '/app/inner;v=1/': '403',
      '/app;v=1/x.html': 'app x',
      '/app/d;v=1/': 'w1 /app/d;v=1/',
    },
  ));

// JkStripSession
test('JkStripSession cuts the session from paths of files, not from those of workers (J-MAP-12)', async () => {
  const asked = (file: string, other: string) => ({
    '/local.txt;jsessionid=a.b': file,
    '/empty;jsessionid=1/x': file === '404' ? '404' : 'x',
    '/local.txt;jsessionid=1;x=2': '404',
    '/local.txt;sid=1': other,
    '/j/x;jsessionid=abc': 'w1 /j/x;jsessionid=abc',
  });
  await answers('JkMount /j/* w1\nJkStripSession On', asked('local file', '404'));
  await answers('JkMount /j/* w1\nJkStripSession Off', asked('404', '404'));
  await answers('JkMount /j/* w1\nJkStripSession On ;sid', asked('404', 'local file'));
});

test('JkStripSession: a dot segment that the session hid is refused, as nobody has resolved it', () =>
  answers(
    `JkStripSession On\nJkAutoAlias ${FOLDER}/apps\n<Location /sh>\nSetHandler jakarta-servlet\nSetEnv JK_WORKER_NAME w1\n</Location>
<Location /empty>\nRequire all denied\n</Location>\n<Location /sh/deny>\nRequire all denied\n</Location>`,
    {
      '/empty/x': '403',
      '/.;jsessionid=1/empty/x': '400',
      '/full/..;jsessionid=1/empty/x': '400',
      '/app/.;jsessionid=1/WEB-INF/web.xml': '400',
      '/.;jsessionid=1/app/WEB-INF/web.xml': '400',
      '/app/;jsessionid=1/WEB-INF/web.xml': '404',
      '/sh/x/..;jsessionid=1/deny': '400',
      '/sh/..;jsessionid=1': '400',
      '/sh/a.;jsessionid=1/.b': 'w1 /sh/a./.b',
    },
  ));

test('a folder without index goes to the worker of an index that a rule takes; ForwardDirectories also by variable', async () => {
  const rules = `DirectoryIndex index.jsp\nJkMount /empty/*.jsp w1\nJkMount /full/*.jsp w2\nJkMount /nofolder/*.jsp w1\n<Location /app>\nSetEnv JK_WORKER_NAME w2\n</Location>\n`;
  const asked = { '/empty/': 'w1 /empty/', '/full/': 'w2 /full/index.jsp', '/nofolder/': '404', '/app/': '404' };
  await answers(rules, asked);
  await answers(`${rules}JkOptions +ForwardDirectories`, { ...asked, '/app/': 'w2 /app/' });
});

test('an error page may come from a worker, with the worker’s status; no-jk ends with the request that it was set for', () =>
  answers(
    'ErrorDocument 404 /err/e\nErrorDocument 403 /err/f\nJkMount /err/* w2\nJkMount /m/* w1\nSetEnvIf Request_URI ^/gone no-jk\n<Location /m>\nRequire all denied\n</Location>',
    {
      '/nothing': 'w2 /err/e',
      '/m/x': 'w2 /err/f',
      '/gone': 'w2 /err/e',
    },
  ));

// JkOptions RejectUnsafeURI
test('RejectUnsafeURI: paths with an encoded percent sign or backslash are not mapped', () =>
  answers('JkMount /m/* w1\nJkOptions +RejectUnsafeURI', {
    '/m/a%25b': '404',
    '/m/a%5Cb': '404',
    '/m/a%20b': 'w1 /m/a%20b',
  }));
