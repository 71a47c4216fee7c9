// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test writes maps so.
// Rules of mod_rewrite by chance, at server level, in hosts and in sections, and requests that aim at them; each plan is put
// before two fronts with backends of their own. What is compared: status, Location, variables, what backends are asked.

import { fetchOnce, type RequestText } from './client.ts';
import { FakeBackends, MEMBERS } from './fake-backends.ts';
import { Front, type FrontKind } from './front.ts';
import type { Random } from './random.ts';

export interface RewriteDifference {
  readonly configuration: string;
  readonly request: RequestText;
  readonly first: string;
  readonly second: string;
}

const ANSWER_LIMIT_MS = 10_000;
const PATTERNS = [
  '^/a(.*)$', '^/b/(\\w+)', '(.)x$', '/', '.*', '^/(a|b)/([^/]*)/?(.*)$', '^/?$', '!^/a', '!\\.txt$', '^(.+)/y$', 'page', '^/c',
] as const; // biome-ignore format: a list
const LOCAL_PATTERNS = ['^a(.*)$', '^b/(\\w+)', '(.)x$', '^$', '.*', '^(a|b)/([^/]*)/?(.*)$', '!^a', '^(.+)/y$', 'page'] as const; // biome-ignore format: a list
const SUBSTITUTIONS = [
  '-', '-', '/page.html', '/sub/x.txt', '/b/$1', '/c$1', '/px/$1', '/z$1', 'x$1', '/c?k=$1', '/c?%{QUERY_STRING}', '/sub/index.html',
  '%{REQUEST_URI}x', '/m/${up:$1}', '/m/${txt:k1}/${txt:$1|none}', '/e/%1', '/q?', '/al/y.txt', 'http://e.test/$1',
  'http://e.test%{REQUEST_URI}', 'https://%{HTTP_HOST}/$1', '%{DOCUMENT_ROOT}/page.html',
] as const; // biome-ignore format: a list
const FLAGS = [
  'L', 'L', 'R', 'R=301', 'PT', 'PT', 'QSA', 'QSD', 'NE', 'NC', 'C', 'S=1', 'S=2', 'END', 'B', 'BNP', 'BCTLS', 'N=4', 'E=V:$1',
  'E=W:%{REQUEST_URI}', 'E=!V', 'E=V:%{ENV:V}+', 'NS', 'DPI', 'QSL',
] as const; // biome-ignore format: a list
const CONDITIONS = [
  '%{REQUEST_URI} ^/(.)', '%{REQUEST_URI} !^/a', '%{QUERY_STRING} ^k=(.*)$', '%{QUERY_STRING} !=""', '%{HTTP_HOST} ^(\\w+)\\. [NC]',
  '%{HTTPS} off', '%{HTTPS} =on', '%{HTTP:X-One} ^(.*)$', '%{HTTP:X-One} >b', '%{ENV:V} ^$', '%{REQUEST_METHOD} =GET',
  '%{REQUEST_FILENAME} -f', '%{REQUEST_FILENAME} !-d', '%{DOCUMENT_ROOT}%{REQUEST_URI} -f', '%{REMOTE_ADDR} ^127', '${up:$1} X',
  '%{TIME_YEAR} -gt2000', '%{THE_REQUEST} "^\\w+ /a"', 'expr "%{QUERY_STRING} =~ /(k)/"', '$1 ^.', '%{IS_SUBREQ} =false',
] as const; // biome-ignore format: a list
const PATHS = ['/', '/a', '/ax', '/a/b', '/a/b/y', '/b/c', '/b/k1/z%20y', '/c', '/c/x', '/page.html', '/sub/', '/sub/x.txt', '/px/x', '/px/a%26b', '/al/y.txt', '/x', '/loc/a', '/loc/x', '/a%3Fb/c', '/a/b%20c/y', '/none/y', '/pl/x', '/pl/a/b', '/sub/ax', '/a//b', '/caf%C3%A9/y'] as const; // biome-ignore format: a list
const QUERIES = ['', '', '', '?k=v', '?k=a%20b&l', '?', '?x=1?y', '?k=%26'] as const;

const FILES = {
  'htdocs/page.html': 'page\n',
  'htdocs/sub/index.html': 'index\n',
  'htdocs/sub/x.txt': 'x\n',
  'al/y.txt': 'aliased\n',
  'map.txt': 'k1 v1\n# none\nb w?z\nc1 d more\n',
};

/** The text of one configuration; `@a@` stands for the port of a member. */
export function randomRewriting(random: Random): string {
  const rule = (isLocal: boolean, mayProxy: boolean): string[] => {
    const lines: string[] = [];
    while (random.chance(0.35))
      lines.push(withFlag(`RewriteCond ${random.pick(CONDITIONS)}`, random.chance(0.2) ? 'OR' : undefined));
    const pattern = random.pick(isLocal && random.chance(0.7) ? LOCAL_PATTERNS : PATTERNS);
    const dice = random.int(100);
    if (dice < 5) return [...lines, `RewriteRule "${pattern}" - [${random.pick(['F', 'G', 'R=404', 'F,E=V:f'])}]`];
    const flags = Array.from({ length: random.int(3) }, () => random.pick(FLAGS) as string);
    // The index of a folder comes before a proxy that a Directory's rule names, in httpd alone.
    if (dice < 18 && mayProxy) {
      const target = random.pick([
        'http://127.0.0.1:@a@/p$1',
        'http://127.0.0.1:@b@%{REQUEST_URI}',
        'balancer://c/z?k=$1',
      ]);
      flags.push('P');
      return [...lines, `RewriteRule "${pattern}" "${target}" [${flags.join(',')}]`];
    }
    const substitution = random.pick(SUBSTITUTIONS);
    // A redirect that a later rule makes local again leaves httpd with a status and no Location.
    if (/^https?:/.test(substitution) || flags.some((flag) => flag.startsWith('R'))) flags.push('L');
    return [...lines, `RewriteRule "${pattern}" "${substitution}"${flags.length === 0 ? '' : ` [${flags.join(',')}]`}`];
  };
  const rules = (most: number, isLocal = false, mayProxy = true) =>
    Array.from({ length: 1 + random.int(most) }, () => rule(isLocal, mayProxy)).flat();
  const section = (open: string, close: string) =>
    random.chance(0.4) ? [open, ...rules(2, true, open.startsWith('<Location')).map((line) => `  ${line}`), close] : [];
  const host = [
    '<VirtualHost *>',
    'ServerName h.test',
    'DocumentRoot @DIR@/htdocs',
    ...(random.chance(0.7) ? ['RewriteEngine On'] : []),
    ...(random.chance(0.4) ? [`RewriteOptions ${random.pick(['Inherit', 'InheritBefore'])}`] : []),
    ...rules(3),
    '</VirtualHost>',
  ];
  return [
    'RewriteEngine On',
    'RewriteMap up int:toupper',
    'RewriteMap txt txt:@DIR@/map.txt',
    '<Proxy balancer://c>',
    'BalancerMember http://127.0.0.1:@c@',
    '</Proxy>',
    'ProxyPass /px http://127.0.0.1:@a@/px',
    'ProxyPass /pl http://127.0.0.1:@b@/pl',
    'Alias /al @DIR@/al',
    'Redirect /x http://red.test/x',
    'Header always set X-V "%{V}e|%{W}e|%{REDIRECT_V}e|%{SCRIPT_URL}e"',
    'RequestHeader set X-V "%{V}e|%{W}e"',
    ...(random.chance(0.7) ? rules(4) : []),
    ...section('<Directory @DIR@/htdocs>', '</Directory>'),
    ...section('<Directory @DIR@/htdocs/sub>', '</Directory>'),
    ...section('<Location /loc>', '</Location>'),
    ...section('<Location /pl>', '</Location>'),
    ...section(`<If "%{QUERY_STRING} =~ /k/">`, '</If>'),
    ...(random.chance(0.6) ? host : []),
  ].join('\n');
}

function withFlag(line: string, flag: string | undefined): string {
  if (flag === undefined) return line;
  return line.endsWith(']') ? `${line.slice(0, -1)},${flag}]` : `${line} [${flag}]`;
}

function randomQuestion(random: Random): RequestText {
  const headers: [string, string][] = random.chance(0.3) ? [['X-One', random.pick(['a', 'b', 'bb', 'c d'])]] : [];
  const host = random.pick(['www.example.test', 'h.test', 'H.test']);
  return {
    method: random.pick(['GET', 'GET', 'POST']),
    path: random.pick(PATHS) + random.pick(QUERIES),
    host,
    headers,
  };
}

/** Asks both fronts under one plan. @returns the differences, and how many requests came to something but 404 */
export async function compareRewriting(
  random: Random,
  kinds: readonly [FrontKind, FrontKind],
  questions: number,
): Promise<{ differences: RewriteDifference[]; answered: number; proxied: number }> {
  const configuration = randomRewriting(random);
  await using sides = new AsyncDisposableStack();
  const started: Side[] = [];
  for (const kind of kinds) {
    const backends = sides.use(await FakeBackends.start());
    const conf = configuration.replace(/@([a-d])@/g, (_, member: 'a') => String(backends.ports.http[member]));
    started.push({ front: sides.use(await Front.start(kind, { conf, files: FILES })), backends });
  }
  const differences: RewriteDifference[] = [];
  let answered = 0;
  let proxied = 0;
  for (let i = 0; i < questions; i++) {
    const request = randomQuestion(random);
    const [first, second] = [await ask(request, started[0]), await ask(request, started[1])];
    if (!first.startsWith('404')) answered++;
    if (first.includes('\n')) proxied++;
    if (first !== second) differences.push({ configuration, request, first, second });
  }
  return { differences, answered, proxied };
}

interface Side {
  readonly front: Front;
  readonly backends: FakeBackends;
}

async function ask(request: RequestText, { front, backends }: Side): Promise<string> {
  backends.clear();
  const answer = await fetchOnce(front.port, request, ANSWER_LIMIT_MS);
  const fields = answer.headers
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .filter((field) => /^(?:location|x-v):/.test(field))
    .sort();
  const seen = MEMBERS.flatMap((member) =>
    backends.state(member).log.map((asked) => {
      const own = asked.headers.find(([name]) => name.toLowerCase() === 'x-v')?.[1];
      return `\n  ${member} ${asked.method} ${asked.target} ${own}`;
    }),
  );
  const text = seen.length === 0 && answer.status === 200 ? answer.body.toString('latin1').trim().slice(0, 20) : '';
  const ports = new Map(MEMBERS.map((member) => [String(backends.ports.http[member]), `PORT-${member}`]));
  return `${answer.timedOut ? 'no answer' : answer.status} ${fields.join('; ')} ${text}${seen.join('')}`
    .replaceAll(front.dir, 'DIR')
    .replace(/\d{4,5}/g, (number) => ports.get(number) ?? number);
}
