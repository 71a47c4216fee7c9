// Random mappings and random URLs for them: the same configuration for two fronts, and whether backends are asked for the
// same things. What docs/reference/differences.md lists as meant is not generated.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { converse, requestBytes } from './client.ts';
import { Front, type FrontKind } from './front.ts';
import type { Random } from './random.ts';

/** Answers with the request target it was asked for. */
export class EchoingBackend {
  readonly #server: Server = createServer((request, response) => response.end(request.url));

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

export interface MappingDifference {
  host: string;
  target: string;
  variable: string;
  first: string;
  second: string;
}

const NAMES = ['a', 'b', 'app', 'apps', 'App', 'a.do', 'x.gif', '~u'] as const;
const ODD = [
  ...['..', '.', '', '...', '.a', '%2e', '%2E%2e', '%2e.'],
  ...[';v=1', 'a;v=1', 'app;v', '..;v', '.;v', ';', '%3Bv', 'app%3Bv=1'],
  ...[
    '%41pp',
    '%61',
    'a%70p',
    'b%20c',
    'b+c',
    '%22',
    '"',
    '[x]',
    '%5Bx%5D',
    '|',
    '^',
    '{x}',
    '%7B',
    '%7E',
    '%3C%3E',
    '<',
  ],
  ...["!*'()", '@:&=+,$', '%40%3A%26', '%E9', '%C3%A9', '\\', '%5C', '%09', '%7F', '%23', '%3F', 'a%3Fb'],
  ...['%', '%zz', '%4', '%00', '%0a'],
] as const;
const SLASHES = ['%2F', 'a%2Fb', 'app%2f', '%2f..'] as const;
const QUERIES = ['', '', '', '?', '?q=1', '?a=b&c=%20d', '?%zz', '?x?y', '?p=/a/../b', '?"'] as const;
const PREFIXES = ['/', '/a', '/a/', '/app', '/app/', '/app/b', '/a.do', '/~u', '/app;v=1', '//a', '/a//b'] as const;
const TARGETS = ['/', '/t', '/t/', '/t/u', '/t%20u/'] as const;
const PATTERNS = [
  ...[
    '^/(.*)$',
    '^/app(/.*)?$',
    '/a',
    '\\.do$',
    '^/(a|b)/(.*)$',
    '^/[^;]*;v',
    '^(/.*\\.gif)$',
    '^/a(pp)?/?',
    '(?i)^/APP',
  ],
] as const;

/** A path that begins with a slash. */
function randomTarget(random: Random): string {
  const count = 1 + random.int(5);
  const parts: string[] = [];
  for (let i = 0; i < count; i++) {
    const dice = random.int(100);
    if (dice < 62) parts.push(random.pick(NAMES));
    else if (dice < 92) parts.push(random.pick(ODD));
    else parts.push(random.pick(SLASHES));
  }
  const path = `/${parts.join('/')}${random.chance(0.25) ? '/' : ''}`;
  return path + random.pick(QUERIES);
}

/** One mapping with what it needs around it; `port` is the backend's. */
function randomMapping(random: Random, port: number, index: number): string {
  const isMatch = random.chance(0.3);
  const authority = `http://127.0.0.1:${port}`;
  const pattern = random.pick(PATTERNS);
  // Never a group right behind the host, unless it begins with a slash.
  const substitutes = [...TARGETS, '/t/$1', '/t$0', '/$1/$2', '', ...(pattern.includes('(/.*') ? ['$1'] : [])];
  let target = authority + random.pick(isMatch ? substitutes : TARGETS);
  const options: string[] = [];
  const kind = random.pick(['', '', '', 'nocanon', 'nocanon', 'mapping=encoded', 'mapping=servlet']);
  if (kind !== '') options.push(kind);
  if (random.chance(0.1)) options.push('noquery');
  if (random.chance(0.15)) {
    options.push('interpolate');
    if (!isMatch) target += random.chance(0.5) ? `/\${VAR}` : '';
  }
  if (random.chance(0.15)) return `${isMatch ? `ProxyPassMatch ${pattern}` : `ProxyPass ${random.pick(PREFIXES)}`} !`;
  if (isMatch) return `ProxyPassMatch ${pattern} ${target} ${options.join(' ')}`;
  const prefix = random.pick(PREFIXES);
  if (random.chance(0.15)) return `<Location ${prefix}>\nProxyPass ${target} ${options.join(' ')}\n</Location>`;
  if (random.chance(0.2)) {
    const name = `c${index}`;
    const path = random.pick([...(prefix.endsWith('/') ? [] : ['']), '/', '/x', '/x/']);
    return `<Proxy balancer://${name}>\nBalancerMember ${authority}${random.pick(['', '/m'])}\n</Proxy>\nProxyPass ${prefix} balancer://${name}${path} ${options.join(' ')}`;
  }
  return `ProxyPass ${prefix} ${target} ${options.join(' ')}`;
}

const HOSTS = 12;

/** @param index makes the names of balancers differ */
function randomHost(random: Random, port: number, host: number): string {
  const rules = Array.from({ length: 1 + random.int(4) }, (_, i) => randomMapping(random, port, host * 10 + i));
  // Under a section httpd encodes what NoDecode has left encoded.
  const hasSection = rules.some((rule) => rule.startsWith('<Location'));
  const lines = [
    `ServerName h${host}.test`,
    `AllowEncodedSlashes ${random.pick(['Off', 'Off', 'On', hasSection ? 'On' : 'NoDecode'])}`,
    ...(random.chance(0.25) ? ['MergeSlashes Off'] : []),
    ...(random.chance(0.5) ? ['ProxyPassInterpolateEnv On'] : []),
    'SetEnvIf X-Var (.+) VAR=$1',
    ...rules,
  ];
  return `<VirtualHost *>\n${lines.join('\n')}\n</VirtualHost>\n`;
}

/** Asks both fronts the same. @returns differences, and how many requests were made and reached a backend */
export async function compareMappings(
  random: Random,
  kinds: readonly [FrontKind, FrontKind],
  questions: number,
): Promise<{ differences: MappingDifference[]; asked: number; proxied: number }> {
  await using backend = new EchoingBackend();
  const port = await backend.listen();
  const hosts = Array.from({ length: HOSTS }, (_, host) => randomHost(random, port, host));
  const conf = hosts.join('');
  await using first = await Front.start(kinds[0], { conf });
  await using second = await Front.start(kinds[1], { conf });
  const differences: MappingDifference[] = [];
  let proxied = 0;
  for (let i = 0; i < questions; i++) {
    const host = random.int(HOSTS);
    const target = randomTarget(random);
    const variable = random.pick(['', 'v', 'v/w', 'v%20w']);
    const [one, other] = await Promise.all([
      ask(first, `h${host}.test`, target, variable),
      ask(second, `h${host}.test`, target, variable),
    ]);
    if (one.startsWith('200')) proxied++;
    if (one !== other) differences.push({ host: hosts[host], target, variable, first: one, second: other });
  }
  return { differences, asked: questions, proxied };
}

async function ask(front: Front, host: string, path: string, variable: string): Promise<string> {
  const headers: [string, string][] = [['Connection', 'close']];
  if (variable !== '') headers.push(['X-Var', variable]);
  const { head } = requestBytes({ path, host, headers });
  const answer = await converse({ port: front.port, head, timeoutMs: 10_000 });
  return answer.status === 200 ? `200 ${answer.body.toString('latin1')}` : String(answer.status);
}
