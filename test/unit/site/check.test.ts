// The traps that `check` explains.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../src/config/finding.ts';
import { checkSite } from '../../../src/site/check/check.ts';
import { site } from './support.ts';

/** Without what is said of any HTTP backend that no ProxyPassReverse is written for. */
function check(text: string): readonly Finding[] {
  return checkSite(site(text)).filter(({ code }) => code !== 'reverse-missing');
}

function codes(text: string): string[] {
  return check(text).map((one) => `${one.code} ${one.line - 3}`);
}

const members = '<Proxy balancer://c>\nBalancerMember http://h:81/m\n</Proxy>\n';

test('a sound configuration has no findings', () => {
  assert.deepEqual(
    codes(
      '<Proxy balancer://c>\nBalancerMember ajp://a/m route=a\nBalancerMember ajp://b/m route=b\nProxySet stickysession=S\n</Proxy>\nProxyPass /x/ balancer://c/\nProxyPass /y http://h/y\nProxyPassReverse /y http://h/y\n<Location /bm>\nSetHandler balancer-manager\nRequire local\n</Location>',
    ),
    [],
  );
});

test('slashes that double are shown with the path they lead to', () => {
  const findings = check(`${members}ProxyPass /app balancer://c/`);
  assert.deepEqual(
    findings.map((one) => [one.code, one.line - 3]),
    [['double-slash', 4]],
  );
  assert.match(findings[0].message, /a request for \/app\/index\.html asks http:\/\/h:81 for \/m\/\/index\.html/);
});

test('a slash on the member is told at the member, one on the balancer is a note', () => {
  const findings = check('<Proxy balancer://c/>\nBalancerMember http://h:81/m/\n</Proxy>\nProxyPass /x/ balancer://c/');
  assert.deepEqual(
    findings.map((one) => `${one.severity} ${one.code} ${one.line - 3}`),
    ['warning double-slash 2', 'note balancer-slash 1'],
  );
});

test('a path glued to the target is told', () => {
  assert.deepEqual(codes('ProxyPass /app/ http://h/app'), ['glued-path 1']);
  assert.deepEqual(codes('ProxyPass / http://h'), ['glued-path 1']);
  assert.deepEqual(codes('<Location /app/>\nProxyPass http://h/app\n</Location>'), ['glued-path 2']);
});

test('routes without stickiness, stickiness without routes, one route twice, a redirect to nobody', () => {
  const two = (a: string, b: string, set = '') =>
    `<Proxy balancer://c>\nBalancerMember http://a ${a}\nBalancerMember http://b ${b}\n${set}\n</Proxy>\nProxyPass /x balancer://c/x`;
  assert.deepEqual(codes(two('route=a', 'route=b')), ['routes-without-stickiness 2']);
  assert.deepEqual(codes(two('route=a', '', 'ProxySet stickysession=S')), ['stickiness-without-route 3']);
  assert.deepEqual(codes(two('route=a', 'route=a', 'ProxySet stickysession=S')), ['route-twice 3']);
  assert.deepEqual(codes(two('route=a', 'route=b redirect=z', 'ProxySet stickysession=S')), ['redirect-unknown 3']);
});

test('a balancer without members is told when something leads to it', () => {
  assert.deepEqual(codes('ProxyPass /x balancer://c/x'), ['balancer-empty 1']);
});

for (const [access, isOpen] of [
  ['', true],
  ['Require all granted', true],
  ['Require local', false],
  ['Require ip 10', false],
  ['Require all denied', false],
  ['Order deny,allow\nDeny from all\nAllow from 192.168.1.0/24', false],
  ['Order allow,deny\nAllow from all', true],
  ['Require env INTERNAL', false],
] as const)
  test(`a manager under ${JSON.stringify(access)} is ${isOpen ? '' : 'not '}open to everybody`, () => {
    for (const handler of ['balancer-manager', 'server-status', 'jk-status'])
      assert.deepEqual(
        codes(`<Location /bm>\nSetHandler ${handler}\n${access}\n</Location>`),
        isOpen ? ['manager-open 1'] : [],
      );
  });

test('a manager that outer sections guard is not open', () => {
  assert.deepEqual(
    codes('<Location />\nRequire ip 10\n</Location>\n<Location /bm>\nSetHandler balancer-manager\n</Location>'),
    [],
  );
  assert.deepEqual(
    codes('<Directory />\nRequire all denied\n</Directory>\n<Location /bm>\nSetHandler balancer-manager\n</Location>'),
    [],
  );
});

test('a rule that an earlier one hides is told', () => {
  assert.deepEqual(codes('ProxyPass /app http://h/app\nProxyPass /app/local !'), ['mapping-hidden 2']);
  assert.deepEqual(codes('ProxyPass / http://h/\nProxyPass /x http://i/x'), ['mapping-hidden 2']);
  assert.deepEqual(codes('ProxyPass /app/local !\nProxyPass /app http://h/app'), []);
});

test('a host that nothing leads to is told', () => {
  assert.deepEqual(codes('<VirtualHost *:81>\n</VirtualHost>'), ['host-not-listened 1']);
  assert.deepEqual(codes('<VirtualHost 10.0.0.1:18000>\n</VirtualHost>'), ['host-not-listened 1']);
  assert.deepEqual(
    codes('<VirtualHost *:18000>\nServerName a\n</VirtualHost>\n<VirtualHost *:18000>\nServerName a\n</VirtualHost>'),
    ['host-hidden 4'],
  );
  assert.deepEqual(
    codes('<VirtualHost *:18000>\nServerName a\n</VirtualHost>\n<VirtualHost *>\nServerName b\n</VirtualHost>'),
    [],
  );
});

// hcmethod, hcuri, hcinterval, hcexpr
for (const [parameters, code, message] of [
  ['http://h:81 hcmethod=CPING timeout=1', 'warning health-check-hopeless', /never passes; use GET or TCP/],
  ['ajp://h hcmethod=GET timeout=1', 'warning health-check-hopeless', /never passes; use CPING or TCP/],
  ['http://h:81 hcmethod=OPTIONS hcuri=/up timeout=1', 'warning health-check-unused', /only GET and HEAD/],
  ['http://h:81 hcuri=/up', 'warning health-check-unused', /no hcmethod/],
  ['http://h:81 hcmethod=TCP', 'note health-check-late', /only after 60 s, longer than hcinterval \(30 s\)/],
  ['http://h:81/m hcmethod=GET hcuri=/up timeout=1', 'note health-check-slashes', /\/m\/\/up.*hcuri=up/],
] as const)
  test(`the health check of ${parameters} is told: ${code}`, () => {
    const findings = check(`<Proxy balancer://c>\nBalancerMember ${parameters}\n</Proxy>\nProxyPass /x balancer://c/x`);
    assert.deepEqual(
      findings.map((one) => `${one.severity} ${one.code} ${one.line - 3}`),
      [`${code} 2`],
    );
    assert.match(findings[0].message, message);
  });

test('a health check of a direct target is told: nobody makes it', () => {
  assert.deepEqual(codes('ProxyPass /x http://h:81/x hcmethod=TCP'), ['health-check-unused 1']);
});

test('a health expression that looks at what is not there is told', () => {
  const member = (method: string, text: string) =>
    codes(
      `ProxyHCExpr e {${text}}\n<Proxy balancer://c>\nBalancerMember http://h:81 hcmethod=${method} hcexpr=e timeout=1\n</Proxy>\nProxyPass /x balancer://c/x`,
    );
  assert.deepEqual(member('HEAD', "hc('body') =~ /up/"), ['health-check-hopeless 3']);
  assert.deepEqual(member('GET', "hc('body') =~ /up/"), []);
  assert.deepEqual(member('GET', "%{HTTP:X-Up} == 'yes'"), ['health-check-hopeless 3']);
  assert.deepEqual(member('TCP', 'true'), ['health-check-unused 3']);
});

/** Findings as `severity code line`. */
function tell(text: string): string[] {
  return checkSite(site(text)).map((one) => `${one.severity} ${one.code} ${one.line - 3}`);
}

/** A balancer of these members, its first line 2; what is set on it stands on line 1. */
function cluster(set: string, ...members: string[]): string {
  const lines = members.map((parameters, i) => `BalancerMember ajp://m${i} ${parameters}`);
  return `ProxyPass /x balancer://c/x ${set}\n<Proxy balancer://c>\n${lines.join('\n')}\n</Proxy>`;
}

// stickysession
test("Tomcat's session names are told apart where one name is given for both", () => {
  const two = ['route=a', 'route=b'];
  assert.deepEqual(tell(cluster('stickysession=JSESSIONID', ...two)), ['note session-in-url-missed 1']);
  assert.deepEqual(tell(cluster('stickysession=jsessionid', ...two)), ['warning session-cookie-missed 1']);
  assert.deepEqual(tell(cluster('stickysession=JSESSIONID|jsessionid', ...two)), []);
  assert.deepEqual(tell(cluster('stickysession=ROUTEID', ...two)), []);
});

// nofailover, stickysessionsep, scolonpathdelim
test('parameters of sessions are told where no session is looked for, at their own line', () => {
  assert.deepEqual(tell(cluster('nofailover=On', '', '')), ['warning needs-stickysession 1']);
  assert.deepEqual(tell(`${cluster('', '', '')}\nProxySet balancer://c scolonpathdelim=On stickysessionsep=-`), [
    'warning needs-stickysession 6',
    'warning needs-stickysession 6',
  ]);
  assert.deepEqual(tell(cluster('stickysession=S nofailover=On', 'route=a')), ['note nofailover-alone 1']);
});

// maxattempts
test('maxattempts that leaves members untried is told', () => {
  assert.deepEqual(tell(cluster('maxattempts=0', '', '')), ['note no-failover 1']);
  assert.deepEqual(tell(cluster('maxattempts=1', '', '', '')), ['note attempts-too-few 1']);
  assert.deepEqual(tell(cluster('maxattempts=2', '', '', '')), []);
  assert.deepEqual(tell(cluster('maxattempts=0', '')), []);
});

// status
test('a first state that does not last, and a balancer that is out from the start, are told', () => {
  assert.deepEqual(tell(cluster('', 'status=+E', '')), ['warning error-without-effect 3']);
  assert.deepEqual(tell(cluster('', 'status=+D', 'status=+S')), ['warning members-all-out 1']);
  assert.deepEqual(tell(cluster('', 'status=+D', '')), []);
});

// lbset
test('who stands in for nobody is told', () => {
  assert.deepEqual(tell(cluster('', '', 'status=+H')), []);
  assert.deepEqual(tell(cluster('', '', 'status=+H lbset=1')), ['note standby-alone 4']);
  assert.deepEqual(tell(cluster('', 'lbset=1', 'status=+H')), ['warning standby-first 4']);
  assert.deepEqual(tell(cluster('', '', 'status=+R lbset=1')), ['warning spare-alone 4']);
  assert.deepEqual(tell(cluster('', 'status=+H', 'status=+H lbset=1')), []);
});

// route, redirect
test('a standby may have the route of another, and a redirect to itself changes nothing', () => {
  const sticky = 'stickysession=S';
  assert.deepEqual(tell(cluster(sticky, 'route=a', 'route=b', 'route=a status=+H')), []);
  assert.deepEqual(tell(cluster(sticky, 'route=a redirect=a', 'route=b')), ['warning redirect-to-itself 3']);
});

test('rules that an earlier one hides are told with what is wrong about each', () => {
  const message = (text: string) => check(text).map((one) => `${one.code} ${one.line - 3}: ${one.message}`);
  assert.match(message('ProxyPass /a ajp://h/a\nProxyPass /a/static !')[0], /^mapping-hidden 2: excludes nothing/);
  assert.match(message('ProxyPass /a ajp://h/a\nProxyPass /a ajp://i/a')[0], /takes \/a itself first; take one/);
  assert.match(message('ProxyPass /a ajp://h/a\nProxyPass /a ajp://h/a')[0], /^mapping-twice 2: says again/);
  assert.match(
    message('ProxyPassMatch ^/ ajp://h\nProxyPass /a/b ajp://i/a')[0],
    /^mapping-hidden 2: is never reached/,
  );
  assert.deepEqual(message('ProxyPassMatch ^/a/.*\\.jsp$ ajp://h\nProxyPass /a/b ajp://i/a/b'), []);
  assert.deepEqual(message('ProxyPass /a/static !\nProxyPass /a ajp://h/a'), []);
});

// ProxyPassReverse
test('what is proposed in place of a ProxyPassReverse ends the finding', () => {
  const cluster = '<Proxy balancer://b>\nBalancerMember http://h/p\n</Proxy>\n';
  for (const [pass, wrong] of [
    ['ProxyPass / http://h', 'ProxyPassReverse / http://h'],
    ['ProxyPass / http://h:8080', 'ProxyPassReverse / http://h:8080'],
    ['ProxyPass /a/ http://h/', 'ProxyPassReverse /a http://h/'],
    ['ProxyPass / balancer://b', 'ProxyPassReverse / http://h/p'],
    ['ProxyPass /a http://h/b', 'ProxyPassReverse / http://h/'],
  ]) {
    const told = check(`${cluster}${pass}\n${wrong}`).find(({ code }) => code.startsWith('reverse-'));
    const mend = /; write (ProxyPassReverse \S+ \S+)$/.exec(told?.message ?? '')?.[1];
    assert.ok(mend !== undefined, `${pass}: ${told?.message}`);
    const left = codes(`${cluster}${pass}\n${mend}`).filter((code) => code.startsWith('reverse-'));
    assert.deepEqual(left, [], mend);
  }
});

test('ProxyPassReverse must undo ProxyPass', () => {
  assert.deepEqual(tell('ProxyPass /a/ http://h/\nProxyPassReverse /a/ http://h/'), []);
  assert.deepEqual(tell('ProxyPass /a http://h/b\nProxyPassReverse / http://h/'), ['warning reverse-elsewhere 2']);
  assert.deepEqual(tell('ProxyPass /a/ http://h/\nProxyPassReverse /z/ http://h/'), ['warning reverse-elsewhere 2']);
  assert.deepEqual(tell('ProxyPass /a/ http://h:80/\nProxyPassReverse /a/ http://h:80/'), ['warning reverse-misses 2']);
  assert.match(
    check('ProxyPass /a/ http://h:80/\nProxyPassReverse /a/ http://h:80/')[0].message,
    /write ProxyPassReverse \/a\/ http:\/\/h\/$/,
  );
  assert.deepEqual(tell('ProxyPass /a http://h/a'), ['note reverse-missing 1']);
  assert.deepEqual(tell('<Location /a>\nProxyPass http://h/a\nProxyPassReverse http://h/a\n</Location>'), []);
  assert.deepEqual(
    tell('ProxyPass /a balancer://c/a\nBalancerMember balancer://c http://h\nProxyPassReverse /a balancer://c/a'),
    [],
  );
});

test('a backend that is told our own name needs no ProxyPassReverse', () => {
  assert.deepEqual(tell('ProxyPass /a ajp://h/a'), []);
  assert.deepEqual(tell('ProxyPreserveHost On\nProxyPass /a http://h/a'), []);
});

// LimitRequestFieldSize, LimitRequestLine, ProxyIOBufferSize
test('headers larger than an AJP packet are told where they are let in', () => {
  assert.deepEqual(tell('LimitRequestFieldSize 16380\nProxyPass /a ajp://h/a'), ['warning packet-too-small 1']);
  assert.deepEqual(tell('ProxyPass /a ajp://h/a\nLimitRequestLine 9000'), ['warning packet-too-small 2']);
  assert.match(
    check('LimitRequestFieldSize 16380\nProxyPass /a ajp://h/a')[0].message,
    /one AJP packet of 8192 .* to 18432$/,
  );
  assert.deepEqual(tell('LimitRequestFieldSize 16380\nProxyIOBufferSize 32768\nProxyPass /a ajp://h/a'), []);
  assert.deepEqual(tell('LimitRequestFieldSize 16380\nProxyPass /a ajp://h/a iobuffersize=65536'), []);
  assert.deepEqual(tell('LimitRequestFieldSize 16380\nProxyPass /a ajp://h/a iobuffersize=9000'), [
    'warning packet-too-small 1',
  ]);
  assert.deepEqual(tell('LimitRequestFieldSize 16380\nProxyPreserveHost On\nProxyPass /a http://h/a'), []);
});

// SetEnvIf
test('catflap-explain is told where it comes too late, or where anybody can set it', () => {
  assert.deepEqual(tell('SetEnvIf Remote_Addr ^10\\. catflap-explain'), []);
  assert.deepEqual(tell('SetEnvIf X-Explain ^2f7c9d1e$ catflap-explain'), []);
  assert.deepEqual(tell('SetEnvIf X-Explain . catflap-explain'), ['note explain-open 1']);
  assert.deepEqual(tell('<Location /a>\nSetEnvIf Remote_Addr ^10 catflap-explain\n</Location>'), [
    'warning explain-too-late 2',
  ]);
});
