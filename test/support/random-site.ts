// Whole sites by chance: hosts, sections, mappings, balancers, rules for fields, variables, access and errors, and requests
// that go for their corners. A site is text and knows no server, so that the same one can be put before two.

import type { RequestText } from './client.ts';
import { MEMBERS, type Member } from './fake-backends.ts';
import type { Random } from './random.ts';

export type Protocol = 'ajp' | 'http';

export interface RandomSite {
  /** Lines of the configuration; `@a:ajp@` stands for the port of that member. */
  readonly configuration: string;
  readonly files: Readonly<Record<string, string>>;
  /** What the site's rules speak of, for requests to aim at. */
  readonly places: readonly string[];
  readonly hosts: readonly string[];
}

export type SiteEvent =
  | { readonly kind: 'ask'; readonly request: RequestText }
  | { readonly kind: 'mode'; readonly member: Member; readonly mode: 'refuse' | 'normal' };

const NAMES = ['app', 'shop', 'a', 'deep/er', 'x.y'] as const;
const ROUTES = ['r1', 'r2', 'r3', 'r4'] as const;
const VARIABLES = ['v1', 'v2', 'v3', 'no-proxy'] as const;
const EXPRESSIONS = [
  "%{REQUEST_METHOD} == 'GET'",
  '%{HTTP_HOST} =~ /^h0/',
  "-n req('X-One')",
  "req('X-Two') =~ /(.)b/ && $1 != ''",
  '%{REQUEST_URI} =~ m#^/(app|shop)#',
  "reqenv('v1') == '1' || -z reqenv('v2')",
  "%{QUERY_STRING} -strmatch '*q=*'",
  "-T reqenv('v3')",
  "! (%{HTTP_ACCEPT} in { 'yes', 'abc' })",
  "%{REMOTE_ADDR} -ipmatch '127.0.0.0/8'",
  "tolower(req('X-Three')) == 'abc,def'",
  "%{HTTP:Cookie} -fnmatch 'SID=*' ",
] as const;
const FIELDS = ['X-One', 'X-Two', 'X-Three', 'Accept', 'X-Forwarded-For'] as const;
const WORDS = ['', 'yes', 'abc', 'a b', '1', 'Abc,def', '%41'] as const;

/** One site. The protocol of its backends is the same throughout: what httpd sends differs between them. */
export function randomSite(random: Random): RandomSite {
  const maker = new SiteMaker(random);
  return maker.make();
}

class SiteMaker {
  readonly #random: Random;
  readonly #protocol: Protocol;
  readonly #places = new Set<string>(['/page.html', '/sub/page.txt', '/none']);
  readonly #targets: string[] = [];
  readonly #hosts = ['www.example.test'];

  constructor(random: Random) {
    this.#random = random;
    this.#protocol = random.pick(['ajp', 'http']);
  }

  make(): RandomSite {
    const random = this.#random;
    const lines: string[] = [];
    for (let i = 0; i < 1 + random.int(2); i++) lines.push(...this.#balancer(`c${i}`));
    for (const member of MEMBERS.slice(2))
      this.#targets.push(`${this.#protocol}://127.0.0.1:@${member}:${this.#protocol}@`);
    lines.push(...this.#serverRules());
    for (let i = 0; i < random.int(3); i++) lines.push(...this.#host(i));
    return {
      configuration: `${lines.join('\n')}\n`,
      files: {
        'htdocs/page.html': '<p>page</p>\n',
        'htdocs/sub/page.txt': 'text\n',
        'htdocs/sub/index.html': 'index\n',
        'htdocs/error.html': '<p>an error</p>\n',
      },
      places: [...this.#places],
      hosts: this.#hosts,
    };
  }

  #balancer(name: string): string[] {
    const random = this.#random;
    const members = MEMBERS.slice(0, 1 + random.int(3)).map((member, i) => {
      const more = [`route=${ROUTES[i]}`, `loadfactor=${1 + random.int(4)}`, 'retry=60'];
      if (random.chance(0.15)) more.push(`status=+${random.pick(['H', 'R', 'D', 'N', 'S'])}`);
      if (random.chance(0.15)) more.push(`lbset=${random.int(2)}`);
      const path = random.chance(0.2) ? '/base' : '';
      return `  BalancerMember ${this.#protocol}://127.0.0.1:@${member}:${this.#protocol}@${path} ${more.join(' ')}`;
    });
    this.#targets.push(`balancer://${name}`);
    const sticky = random.pick(['', ' stickysession=SID', ' stickysession=SID|sid scolonpathdelim=On']);
    return [`<Proxy balancer://${name}>`, ...members, `  ProxySet lbmethod=byrequests${sticky}`, '</Proxy>'];
  }

  #host(index: number): string[] {
    const name = `h${index}.test`;
    this.#hosts.push(name, `www.${name}`);
    const alias = this.#random.chance(0.5) ? [`ServerAlias *.${name}`] : [];
    return [
      '<VirtualHost *>',
      `ServerName ${name}`,
      ...alias,
      'DocumentRoot @DIR@/htdocs',
      ...this.#serverRules(),
      '</VirtualHost>',
    ];
  }

  /** What may stand at the level of the server or of a host. */
  #serverRules(): string[] {
    const random = this.#random;
    const lines: string[] = [];
    const count = 3 + random.int(8);
    for (let i = 0; i < count; i++) lines.push(...this.#rule(false));
    for (let i = 0; i < 1 + random.int(4); i++) lines.push(...this.#location());
    if (random.chance(0.3)) lines.push(...this.#condition());
    if (random.chance(0.1)) lines.push(random.pick(['MergeSlashes Off', 'TraceEnable Off', 'UseCanonicalName On']));
    if (random.chance(0.1))
      lines.push(random.pick(['ServerSignature On', 'DirectorySlash Off', 'DirectoryIndex page.html']));
    if (random.chance(0.3)) lines.push(`AllowEncodedSlashes ${random.pick(['On', 'Off'])}`);
    return lines;
  }

  #location(): string[] {
    const random = this.#random;
    const place = this.#place();
    const [open, close] = random.chance(0.75)
      ? [`<Location "${place}">`, '</Location>']
      : [
          `<LocationMatch "${random.pick(['^', ''])}${place}${random.pick(['$', '/.*', '(/|$)', ''])}">`,
          '</LocationMatch>',
        ];
    const lines: string[] = [];
    for (let i = 0; i < 1 + random.int(4); i++) lines.push(...this.#rule(true));
    return [open, ...lines.map((line) => `  ${line}`), close];
  }

  /** `<If>` with what may follow it. Mappings may not stand in it. */
  #condition(): string[] {
    const random = this.#random;
    const block = (open: string, close: string) => [
      open,
      ...Array.from(
        { length: 1 + random.int(2) },
        () => `  ${random.chance(0.8) ? this.#fieldRule() : this.#errorRule()}`,
      ),
      ...(random.chance(0.3) ? this.#access().map((line) => `  ${line}`) : []),
      close,
    ];
    return [
      ...block(`<If "${random.pick(EXPRESSIONS)}">`, '</If>'),
      ...(random.chance(0.4) ? block(`<ElseIf "${random.pick(EXPRESSIONS)}">`, '</ElseIf>') : []),
      ...(random.chance(0.4) ? block('<Else>', '</Else>') : []),
    ];
  }

  #place(): string {
    const place = `/${this.#random.pick(NAMES)}${this.#random.pick(['', '', '', '/', '/in'])}`;
    this.#places.add(place);
    return place;
  }

  #target(): string {
    return this.#random.pick(this.#targets);
  }

  #rule(isInSection: boolean): string[] {
    const random = this.#random;
    const dice = random.int(100);
    if (dice < 30) return [isInSection ? this.#sectionMapping() : this.#mapping()];
    if (dice < 45) return [this.#fieldRule()];
    if (dice < 55) return [this.#variableRule()];
    if (dice < 62) return this.#reverse(isInSection);
    if (dice < 68) return [this.#errorRule()];
    if (dice < 74) return [this.#redirect(isInSection)];
    if (dice < 80)
      return [
        random.pick([
          'ProxyPreserveHost On',
          isInSection ? 'ProxyAddHeaders On' : 'ProxyVia On',
          'ProxyErrorOverride On 404 500',
          'ProxyPreserveHost Off',
          'ProxyAddHeaders Off',
          'ProxyErrorOverride On',
        ]),
      ];
    return isInSection ? this.#access() : [this.#variableRule()];
  }

  #mapping(): string {
    const random = this.#random;
    const place = this.#place();
    if (random.chance(0.12)) return `ProxyPass ${place} !`;
    const rest = random.pick([place, '/there', '/there/', '/']);
    const flags = random.pick(['', '', '', '', ' nocanon', ' noquery']);
    if (random.chance(0.25)) {
      const pattern = random.pick([`^${place}(/.*)?$`, `^${place}/(\\w+)\\.do$`, `${place}$`]);
      return `ProxyPassMatch "${pattern}" ${this.#target()}${random.pick(['/m$1', '/m/$1', '', '$1'])}`.replace(
        /(@|\d)\$1$/,
        '$1/$1',
      );
    }
    return `ProxyPass ${place} ${this.#target()}${rest}${flags}`;
  }

  #sectionMapping(): string {
    const random = this.#random;
    if (random.chance(0.1)) return 'ProxyPass !';
    return `ProxyPass ${this.#target()}${random.pick(['/in', '/in/', '/'])}`;
  }

  #fieldRule(): string {
    const random = this.#random;
    const verb = random.pick(['Header', 'Header always', 'RequestHeader']);
    const field = random.pick(FIELDS);
    const value = random.pick(WORDS);
    const condition = random.pick([
      '',
      '',
      '',
      ` env=${random.pick(VARIABLES)}`,
      ` env=!${random.pick(VARIABLES)}`,
      ` "expr=${random.pick(EXPRESSIONS)}"`,
    ]);
    const action = random.pick([
      `set ${field} "${value}"`,
      `append ${field} "${value}"`,
      `merge ${field} "${value}"`,
      // req() of an expression sees the first of two fields in httpd, and both of them here.
      `${verb === 'RequestHeader' ? 'merge' : 'add'} ${field} "${value}"`,
      `setifempty ${field} "${value}"`,
      `unset ${field}`,
      `edit ${field} "^(.)b?" "<$1>"`,
      `edit* ${field} "[a-c]" "z"`,
      `set ${field} "%{v1}e-%{v2}e"`,
      `set ${field} "expr=<%{REQUEST_URI}|%{req:X-One}>"`,
      `${verb === 'RequestHeader' ? 'append' : 'add'} ${field} "%% %{X-One}e"`,
    ]);
    return `${verb} ${action}${condition}`;
  }

  #variableRule(): string {
    const random = this.#random;
    const variable = random.pick(VARIABLES.slice(0, random.chance(0.1) ? 4 : 3));
    const subject = random.pick([...FIELDS.slice(0, 3), 'Request_URI', 'Request_Method', 'Host', 'v1', '^X-T.*']);
    return random.pick([
      `SetEnvIf ${subject} "${random.pick(['a', '^$', '^/(app|shop)', 'GET', '(.)b', '.'])}" ${random.pick([variable, `${variable}=$1`, `!${variable}`])}`,
      `SetEnvIfNoCase ${subject} "${random.pick(['ABC', 'post', '^/A'])}" ${variable}=nocase`,
      `SetEnv ${random.pick(VARIABLES.slice(0, 3))} "${random.pick(WORDS)}"`,
      `UnsetEnv ${random.pick(VARIABLES.slice(0, 3))}`,
      `SetEnvIfExpr "${random.pick(EXPRESSIONS)}" ${random.pick([variable, `!${variable}`, `${variable}=%{REQUEST_METHOD}`])}`,
    ]);
  }

  #reverse(isInSection: boolean): string[] {
    const random = this.#random;
    const rule = random.pick([
      `ProxyPassReverse ${isInSection ? '' : `${this.#place()} `}${this.#target()}${random.pick(['/there', '/in', '/', ''])}`,
      `ProxyPassReverse ${isInSection ? '' : `${this.#place()} `}${random.pick(['/there', 'http://inner.test/'])}`,
      `ProxyPassReverseCookiePath /there ${this.#place()}`,
      'ProxyPassReverseCookieDomain inner.test www.example.test',
    ]);
    return [rule];
  }

  #errorRule(): string {
    const status = this.#random.pick([403, 404, 500, 503]);
    return `ErrorDocument ${status} ${this.#random.pick(['"said so"', '/error.html', 'http://else.test/e', 'default'])}`;
  }

  #redirect(isInSection: boolean): string {
    const random = this.#random;
    const status = random.pick(['', '301 ', 'seeother ', 'temp ']);
    if (isInSection) return `Redirect ${status}http://else.test/${random.pick(['', 'x'])}`;
    if (random.chance(0.3)) return `RedirectMatch ${status}"${this.#place()}/(old.*)" "/new/$1"`;
    return `Redirect ${status}${this.#place()} ${random.pick(['http://else.test/x', '/else'])}`;
  }

  #access(): string[] {
    const random = this.#random;
    return random
      .pick([
        ['Require all denied'],
        ['Require all granted'],
        ['Require method GET HEAD'],
        ['Require env v1 v2'],
        ['Require ip 127.0.0.0/8'],
        ['Require ip 10'],
        [`Require expr "${random.pick(EXPRESSIONS)}"`],
        ['<Limit POST PUT>', '  Require all denied', '</Limit>'],
        ['<LimitExcept GET HEAD>', '  Require all denied', '</LimitExcept>'],
        ['Require not env v1', 'Require all granted'].reverse(),
        ['<RequireNone>', '  Require method POST', '</RequireNone>', 'Require all granted'].reverse(),
        ['Order deny,allow', 'Deny from env=v1'],
        ['Order allow,deny', 'Allow from 127.0.0.1', 'Deny from env=v2'],
      ])
      .filter((line) => line !== '');
  }
}

const TAILS = [
  '',
  '/',
  '/x',
  '/x/y.do',
  '/x%20y',
  '/a%2Fb',
  '/./x',
  '/x/../y',
  '//x',
  '/%7Ea;p=1/b',
  '/old1',
  '/caf%C3%A9',
  ';v=1/x',
  '/a+b&c=d',
  '/%41',
];

/** Something that happens to the site: mostly a request. */
export function randomSiteEvent(random: Random, site: RandomSite): SiteEvent {
  if (random.chance(0.04))
    return { kind: 'mode', member: random.pick(MEMBERS), mode: random.pick(['refuse', 'normal', 'normal']) };
  const headers: [string, string][] = [];
  for (const field of FIELDS.slice(0, 4)) if (random.chance(0.3)) headers.push([field, random.pick(WORDS.slice(1))]);
  if (random.chance(0.2)) headers.push(['X-Forwarded-For', '10.1.2.3']);
  if (random.chance(0.3)) headers.push(['Cookie', `SID=s.${random.pick([...ROUTES, 'r9', ''])}`]);
  const method = random.pick(['GET', 'GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'DELETE']);
  let path = `${random.pick(site.places)}${random.pick(TAILS)}`;
  if (random.chance(0.1)) path += `;sid=s.${random.pick(ROUTES)}`;
  if (random.chance(0.15)) path += `/do:status:${random.pick([201, 302, 403, 404, 500, 503])}`;
  const query = randomQuery(random);
  if (query !== '') path += `?${query}`;
  const host = random.pick(site.hosts);
  const body = method === 'POST' || method === 'PUT' ? { body: 'x'.repeat(random.int(300)) } : {};
  return { kind: 'ask', request: { method, path, host, headers, ...body } };
}

function randomQuery(random: Random): string {
  if (random.chance(0.5)) return '';
  return random.pick([
    'q=1',
    'q=%zz',
    'loc=http://inner.test/there/x',
    'loc=/there/x',
    'loc=http://127.0.0.1:1/x',
    'setcookie=K=v;Path=/there;Domain=inner.test',
    'setcookie=K=v;Path=/there/deep&setcookie=L=w',
    'rh=X-One:backend&rh=X-One:again',
    'rh=X-Two:abc',
    'sid=s.r2',
  ]);
}
