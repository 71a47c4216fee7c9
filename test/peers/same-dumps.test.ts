// What `-S`, `-M` and `-t` print for the same configuration, asked of the real httpd and of Catflap.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CommandResult, runCommand } from '../support/command.ts';
import { PROJECT } from '../support/front.ts';
import { needs } from '../support/peers.ts';

const MODULES = '/usr/lib/apache2/modules';
const HTTPD = ['/usr/sbin/apache2'];
const CATFLAP = [process.execPath, join(PROJECT, 'bin/catflap.mjs'), 'front'];

describe('printed as httpd prints it', needs('httpd'), () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'dumps-'));
    for (const name of ['htdocs', 'logs', 'conf.d']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'conf.d/more.conf'), 'Define FROM_INCLUDE yes\n');
    const modules = ['mpm_event', 'authz_core', 'alias'].map(
      (name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so\n`,
    );
    writeFileSync(
      join(folder, 'httpd.conf'),
      `ServerRoot ${folder}
${modules.join('')}PidFile run.pid
DefaultRuntimeDir ${folder}
Listen 127.0.0.1:28111
ServerName x.test
DocumentRoot ${folder}/htdocs
ErrorLog logs/error.log
User www-data
Group www-data
IncludeOptional conf.d/*.conf
<VirtualHost 127.0.0.1:28111 *:28115>
  ServerName a.test
  ServerAlias b.test *.c.test b2.test ?d.test
</VirtualHost>
<VirtualHost *:80>
  ServerName d.test:81
  ServerAlias one.d
</VirtualHost>
<VirtualHost _default_:443>
  ServerName e.test
</VirtualHost>
<VirtualHost *:443>
</VirtualHost>
<VirtualHost [::1]:83>
  ServerName v6.test
</VirtualHost>
<VirtualHost _default_>
  ServerName f.test
</VirtualHost>
<VirtualHost *:28115>
  ServerName g.test
</VirtualHost>
`,
    );
    writeFileSync(join(folder, 'wrong.conf'), `${modules.join('')}Frobnicate On\n`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const ask = (command: readonly string[], file: string, ...words: string[]): Promise<CommandResult> =>
    runCommand([...command, '-d', folder, '-f', file, ...words]);

  /** Hosts are printed in the order of httpd's hash table, blocks at a time; mutexes are its own. */
  function blocks(text: string): string[] {
    return text
      .split(/\n(?! )/)
      .filter((block) => block !== '' && !block.startsWith('Mutex'))
      .sort();
  }

  for (const words of [['-S'], ['-t', '-D', 'DUMP_VHOSTS'], ['-M']]) {
    test(`${words.join(' ')}`, async () => {
      const [theirs, ours] = await Promise.all([
        ask(HTTPD, 'httpd.conf', ...words),
        ask(CATFLAP, 'httpd.conf', ...words),
      ]);
      assert.deepEqual([ours.code, blocks(ours.stdout)], [theirs.code, blocks(theirs.stdout)]);
      assert.ok(theirs.stdout.length > 100);
    });
  }

  test('-t: the last line and the exit code, right and wrong', async () => {
    for (const file of ['httpd.conf', 'wrong.conf', 'missing.conf']) {
      const [theirs, ours] = await Promise.all([ask(HTTPD, file, '-t'), ask(CATFLAP, file, '-t')]);
      assert.equal(ours.code, theirs.code, file);
      assert.equal(ours.stderr.endsWith('Syntax OK\n'), theirs.stderr.endsWith('Syntax OK\n'), file);
    }
  });
});
