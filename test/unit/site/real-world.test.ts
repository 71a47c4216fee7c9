// Files in the manner of those people run: snippets of distributions, of the 2.2 days, of other systems, of containers.
// They load, or are refused for a stated reason; damaged ones never do anything but that.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFinding } from '../../../src/config/finding.ts';
import { ask, load, site, told } from './support.ts';

const variable = (name: string) => `\${${name}}`;

const debianSite = `<VirtualHost *:18000>
\tServerAdmin webmaster@localhost
\tDocumentRoot /srv/htdocs
\tErrorLog ${variable('APACHE_LOG_DIR')}/error.log
\tCustomLog ${variable('APACHE_LOG_DIR')}/access.log combined
        <Proxy balancer://192.0.2.30>
               BalancerMember http://192.0.2.31:80
               BalancerMember http://192.0.2.32:80
        </Proxy>
        ProxyPreserveHost On
        ProxyPass / balancer://192.0.2.30/
        ProxyPassReverse / balancer://192.0.2.30/
</VirtualHost>

# vim: syntax=apache ts=4`;

const olderServer = `ServerAdmin admin@example.org
LoadModule authz_host_module modules/mod_authz_host.so
LoadModule mem_cache_module modules/mod_mem_cache.so
<IfModule !mpm_netware_module>
<IfModule !mpm_winnt_module>
User daemon
Group daemon
</IfModule>
</IfModule>
DefaultType text/plain
<IfModule log_config_module>
    LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined
    <IfModule logio_module>
      LogFormat "%h %I %O" combinedio
    </IfModule>
    CustomLog "logs/access.log" combinedio
</IfModule>
<IfModule ssl_module>
SSLRandomSeed startup builtin
</IfModule>
<Directory />
    Options FollowSymLinks
    AllowOverride None
    Order deny,allow
    Deny from all
</Directory>
<FilesMatch "^\\.ht">
    Order allow,deny
    Deny from all
    Satisfy All
</FilesMatch>
NameVirtualHost *:18000
<VirtualHost _default_>
        ServerName rp1
        ProxyRequests Off
        <Proxy *>
          Order deny,allow
          Allow from all
        </Proxy>
        ProxyPass /balancer-manager !
        ProxyPass / balancer://cluster/ stickysession=PHPSESSID nofailover=On
        <Proxy balancer://cluster>
          BalancerMember http://127.0.0.1:8083 route=public1
          BalancerMember http://127.0.0.1:8084 route=public2
          ProxySet lbmethod=byrequests
        </Proxy>
        <Location /balancer-manager>
          SetHandler balancer-manager
          Order deny,allow
          Deny from all
          Allow from localhost
        </Location>
</VirtualHost>`;

const secureSite = `LoadModule ssl_module modules/mod_ssl.so
Listen 443 https
SSLPassPhraseDialog builtin
SSLSessionCache         shmcb:/run/httpd/sslcache(512000)
SSLSessionCacheTimeout  300
SSLRandomSeed startup file:/dev/urandom  256
<VirtualHost _default_:443>
TransferLog logs/ssl_access_log
LogLevel warn
SSLEngine on
SSLProtocol all -SSLv2
SSLCipherSuite HIGH:MEDIUM:!aNULL:!MD5
SSLCertificateFile /etc/pki/tls/certs/example.com.crt
SSLCertificateKeyFile /etc/pki/tls/private/example.com.pem
<Files ~ "\\.(cgi|shtml|phtml|php3?)$">
    SSLOptions +StdEnvVars
</Files>
BrowserMatch "MSIE [2-5]" \\
         nokeepalive ssl-unclean-shutdown \\
         downgrade-1.0 force-response-1.0
CustomLog logs/ssl_request_log \\
          "%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x \\"%r\\" %b"
RequestHeader set SSL_CLIENT_CERT "%{SSL_CLIENT_CERT}s"
ProxyPass /idp ajp://localhost:8009/idp retry=5
<Proxy ajp://localhost:8009>
  Require all granted
</Proxy>
</VirtualHost>`;

const container = `<Location "/balancer-manager">
    SetHandler balancer-manager
    Require local
</Location>
ProxyPass /balancer-manager !
ProxyPass "/manager "balancer://tomcat/manager" stickysession=JSESSIONID|jsessionid scolonpathdelim=On
ProxyPass "/" "balancer://tomcat/" stickysession=JSESSIONID|jsessionid scolonpathdelim=On
<Proxy balancer://tomcat>
   BalancerMember "ajp://tomcat:8009" route=1
   BalancerMember "ajp://tomcat2:8009" route=2
</Proxy>
ErrorLog /proc/self/fd/2
CustomLog /proc/self/fd/1 common`;

const buildServer = `<VirtualHost *:18000>
    ServerName ci.example.org
    AllowEncodedSlashes NoDecode
    <Proxy *>
        Require all granted
    </Proxy>
    ProxyPass         /  http://localhost:8080/ nocanon
    ProxyPassReverse  /  http://localhost:8080/
    RequestHeader set X-Forwarded-Proto "https"
</VirtualHost>`;

test('a site of a distribution loads; what its environment lacks is told', () => {
  const loaded = load(debianSite, { [`/srv/${variable('APACHE_LOG_DIR')}/x`]: '' });
  assert.ok(loaded.snapshot);
  assert.deepEqual(told(loaded), [
    'warning undefined-variable 4',
    'warning undefined-variable 5',
    'warning not-honoured 4',
  ]);
  assert.equal(ask(loaded.snapshot, '/a').target, '/a');
});

test('with its environment it tells only that a host has no error log of its own', () => {
  const loaded = load(debianSite, {}, { environment: { APACHE_LOG_DIR: '/srv/logs' } });
  assert.deepEqual(told(loaded), ['warning not-honoured 4']);
});

test('a server of the 2.2 days loads', () => {
  const snapshot = site(olderServer);
  assert.equal(ask(snapshot, '/balancer-manager').status, 404);
  assert.equal(ask(snapshot, '/x').port, 8083);
  assert.equal(snapshot.server.user, 'daemon');
});

test('a TLS site loads away from its machine, and not on it without its files', () => {
  const away = load(secureSite, {}, { assumeFiles: true });
  assert.ok(away.snapshot, away.findings.map(formatFinding).join('\n'));
  assert.equal(away.snapshot.hosts[0].tls?.certificates[0].path, '/etc/pki/tls/certs/example.com.crt');
  assert.equal(load(secureSite).snapshot, undefined);
});

test('a container with one quote too few means what httpd makes of it', () => {
  const snapshot = site(container, { '/proc/self/fd/1': '', '/proc/self/fd/2': '' });
  assert.equal(ask(snapshot, '/x').target, '/x');
  const [, odd] = snapshot.mainHost.mappings;
  assert.deepEqual(odd.pattern, { kind: 'prefix', path: '/manager ' });
});

test('a build server with encoded slashes loads', () => {
  assert.equal(ask(site(buildServer), '/job/a%2Fb//c', 'ci.example.org').target, '/job/a%2Fb//c');
});

test('paths of another system are told', () => {
  const loaded = load('Alias /images E:/cdn/images\nErrorLog "C:\\\\x\\\\logs/e.log"', {}, { assumeFiles: true });
  assert.deepEqual(
    loaded.findings.filter((one) => one.code === 'foreign-path').map((one) => one.line - 3),
    [1, 2],
  );
});

test('a file name where a directive should be is refused with its place', () => {
  assert.deepEqual(told(load('/etc/httpd/conf.d/mod_jk.conf')), ['error unknown-directive 1']);
});

test('damaged texts load or are refused, and nothing else', () => {
  const texts = [debianSite, olderServer, secureSite, container, buildServer];
  // A small generator with a fixed seed: the same damage each time.
  let state = 0x2545f491;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const scraps = [
    '<',
    '>',
    '"',
    '\\',
    '\n',
    ' ',
    '$',
    '${',
    '}',
    '%',
    '#',
    '/',
    '*',
    '[',
    '(',
    '\u00e9',
    '\0',
    'Require',
    '</Proxy>',
    '=',
    '!',
  ];
  for (let round = 0; round < 400; round++) {
    let text = texts[random(texts.length)];
    for (let change = 0; change < 6; change++) {
      const at = random(text.length);
      text = text.slice(0, at) + scraps[random(scraps.length)] + text.slice(at + random(12));
    }
    const { snapshot, findings } = load(text, {}, { assumeFiles: true });
    assert.equal(
      snapshot === undefined,
      findings.some((one) => one.severity === 'error'),
    );
    for (const one of findings) assert.ok(one.line > 0 && one.message !== '');
  }
});
