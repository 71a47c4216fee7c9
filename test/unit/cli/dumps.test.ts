// What -S and -M print: httpd's form, as tools read it. The expected texts are the real httpd's for the same lines.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directivesText, hostsText, includesText, modulesText, runText } from '../../../src/cli/dumps.ts';
import { site } from '../site/support.ts';

test('one host at an address is one line; several are a NameVirtualHost with their names and aliases', () => {
  const snapshot = site(`<VirtualHost 127.0.0.1:28111 [::1]:28111 *:28115>
 ServerName a.test
 ServerAlias b.test *.c.test b2.test
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
<VirtualHost _default_>
 ServerName f.test
</VirtualHost>
<VirtualHost *:28115>
 ServerName g.test
</VirtualHost>
<VirtualHost 10.1.2.3>
 ServerName h.test
</VirtualHost>`);
  assert.equal(
    hostsText(snapshot),
    `VirtualHost configuration:
127.0.0.1:28111        a.test (/srv/httpd.conf:4)
[::1]:28111            a.test (/srv/httpd.conf:4)
10.1.2.3:*             h.test (/srv/httpd.conf:23)
*:28115                is a NameVirtualHost
         default server a.test (/srv/httpd.conf:4)
         port 28115 namevhost a.test (/srv/httpd.conf:4)
                 alias b.test
                 alias b2.test
                 wild alias *.c.test
         port 28115 namevhost g.test (/srv/httpd.conf:20)
*:80                   d.test (/srv/httpd.conf:8)
*:443                  is a NameVirtualHost
         default server e.test (/srv/httpd.conf:12)
         port 443 namevhost e.test (/srv/httpd.conf:12)
         port 443 namevhost www.example.test (/srv/httpd.conf:15)
*:*                    f.test (/srv/httpd.conf:17)
`,
  );
});

test('settings of the process stand one to a line', () => {
  const snapshot = site('Define FOO bar\nDefine NAKED\nUser root\nGroup #7\nErrorLog logs/e\nPidFile run/x.pid');
  assert.equal(
    runText(snapshot),
    `ServerRoot: "/srv"
Main DocumentRoot: "/srv/htdocs"
Main ErrorLog: "/srv/logs/e"
PidFile: "/srv/run/x.pid"
Define: FOO=bar
Define: NAKED
User: name="root" id=0
Group: name="#7" id=7
`,
  );
});

test('modules are those that are built in, then those of LoadModule, each once', () => {
  const text = modulesText(site('LoadModule proxy_module m/mod_proxy.so\nLoadModule log_config_module m/x.so'));
  assert.match(text, /^Loaded Modules:\n core_module \(static\)\n so_module \(static\)\n/);
  assert.match(text, /\n proxy_module \(shared\)\n$/);
  assert.equal(text.match(/log_config_module/g)?.length, 1);
});

test('files and directives are listed', () => {
  const snapshot = site('Include more.conf', { '/srv/more.conf': 'KeepAlive On\n' });
  assert.equal(
    includesText(snapshot),
    'Included configuration files:\n  (*) /srv/httpd.conf\n    (*) /srv/more.conf\n',
  );
  assert.match(directivesText(), /^ProxyPass \(mod_proxy\.c\)\n\thonoured\n\tAllowed in/m);
  assert.match(directivesText(), /^<VirtualHost \(core\.c\)$/m);
});
