// Random rules of who may enter, and random clients at the door: the same configuration and requests for two fronts, and
// what each answered. Trees are such as httpd accepts; whether both accept a tree at all is another question, asked too.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HttpConnection, headerOf } from './client.ts';
import { Front, type FrontKind } from './front.ts';
import type { Random } from './random.ts';

const CREDENTIALS = fileURLToPath(new URL('../data/credentials', import.meta.url));
const FILES = {
  users: readFileSync(`${CREDENTIALS}/users`, 'latin1'),
  groups: readFileSync(`${CREDENTIALS}/groups`, 'latin1'),
  'htdocs/401.html': 'the page of 401\n',
};
const MODULES = ['auth_basic', 'authn_file', 'authz_groupfile', 'authz_user', 'authz_host'];
const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND', 'BREW'];
const CLIENTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.1.4'];
const USERS = [
  'bea',
  'apr',
  'sha',
  's256',
  's512',
  'md5',
  'colon',
  'remark',
  'plain',
  'empty',
  'nobody',
  'nocolon',
  '',
];
const PLACES = 30;

// --- rules ----------------------------------------------------------------------------------------------------------

function randomLeaf(random: Random): string {
  switch (random.int(13)) {
    case 0:
      return 'all granted';
    case 1:
      return 'all denied';
    case 2:
    case 3:
      return `ip ${random.pick(['127.0.0.1', '127.0.0.2 127.0.1', '127.0.0.0/30', '10', '127.0.0.2/31', '127.0.0.3/255.0.0.255', '::1', '127.0.0'])}`;
    case 4:
      return 'local';
    case 5:
      return `env ${random.pick(['OK', 'NO', 'NO OK', 'ok'])}`;
    case 6:
      return `method ${random.pick(['GET', 'HEAD', 'POST PUT', 'GET OPTIONS', 'TRACE'])}`;
    case 7:
      return 'valid-user';
    case 8:
      return `group ${random.pick(['admins', 'staff', 'STAFF lonely', 'empty', 'none'])}`;
    case 10:
      return `expr ${random.pick(["%{REMOTE_USER} == 'bea'", '"-n %{HTTP:X-Env} || %{REMOTE_USER} =~ /^s/"', "%{REQUEST_METHOD} in { 'GET', 'PUT' }", "-R '127.0.0.2/31'"])}`;
    case 11:
      return `${random.pick(['user', 'group'])} %{HTTP:X-Who}`;
    case 9:
      return `host ${random.pick(['localhost', 'example.test', 'host'])}`;
    default:
      return `user ${random.pick(['bea', 'apr sha', '"s256" s512', 'md5', 'nobody', 'plain'])}`;
  }
}

/** Lines of one container's content. @param isAll negations may stand in it @param limits probability of `<Limit>` */
function randomChildren(random: Random, depth: number, isAll: boolean, limits: number): string[] {
  const lines: string[] = [];
  const count = 1 + random.int(3);
  let hasPositive = false;
  for (let i = 0; i < count; i++) {
    const dice = random.int(10);
    const mayNegate = isAll && (hasPositive || i < count - 1);
    if (depth > 0 && dice < 4) {
      const kind = random.pick(mayNegate ? ['All', 'Any', 'None'] : ['All', 'Any']);
      if (kind !== 'None') hasPositive = true;
      lines.push(`<Require${kind}>`, ...randomChildren(random, depth - 1, kind === 'All', limits), `</Require${kind}>`);
    } else if (mayNegate && dice < 7) lines.push(`Require not ${randomLeaf(random)}`);
    else {
      hasPositive = true;
      lines.push(...limitedLines(random, [`Require ${randomLeaf(random)}`], limits));
    }
  }
  if (!hasPositive) lines.push(`Require ${randomLeaf(random)}`);
  return lines;
}

function limitedLines(random: Random, lines: string[], probability: number): string[] {
  if (!random.chance(probability)) return lines;
  const limit = random.pick([
    ['Limit', 'GET'],
    ['Limit', 'POST PUT'],
    ['Limit', 'HEAD OPTIONS BREW'],
    ['LimitExcept', 'GET'],
    ['LimitExcept', 'POST OPTIONS'],
    ['LimitExcept', 'BREW'],
  ]);
  return [`<${limit[0]} ${limit[1]}>`, ...lines, `</${limit[0]}>`];
}

function randomOrder(random: Random): string[] {
  const who = () =>
    random.pick([
      'all',
      '127.0.0.1',
      '127.0.0.2 127.0.0.3',
      '127.0.0.0/31',
      'env=OK',
      'env=!OK',
      'localhost',
      '10.0.0.1',
    ]);
  const lines: string[] = [];
  const add = (line: string) => lines.push(...limitedLines(random, [line], 0.15));
  if (random.chance(0.8)) add(`Order ${random.pick(['allow,deny', 'deny,allow', 'mutual-failure'])}`);
  for (let i = random.int(3); i > 0; i--) add(`Allow from ${who()}`);
  for (let i = random.int(3); i > 0; i--) add(`Deny from ${who()}`);
  if (random.chance(0.4)) add(`Satisfy ${random.pick(['any', 'all'])}`);
  return lines;
}

function randomRules(random: Random, isOuter: boolean): string[] {
  const lines: string[] = [];
  if (random.chance(isOuter ? 0.7 : 0.25)) lines.push(random.chance(0.9) ? 'AuthType Basic' : 'AuthType None');
  if (random.chance(isOuter ? 0.8 : 0.2)) lines.push(`AuthName "${random.pick(['a place', 'b \\"b\\"', 'c'])}"`);
  if (random.chance(isOuter ? 0.8 : 0.2))
    lines.push(`AuthUserFile ${random.chance(0.95) ? '@DIR@/users' : '@DIR@/missing'}`);
  if (random.chance(isOuter ? 0.8 : 0.2)) lines.push('AuthGroupFile @DIR@/groups');
  if (random.chance(0.1)) lines.push('AuthBasicProvider file');
  if (random.chance(0.1)) lines.push(`AuthBasicAuthoritative ${random.pick(['On', 'Off'])}`);
  if (random.chance(0.15)) lines.push(`AuthzSendForbiddenOnFailure ${random.pick(['On', 'Off'])}`);
  if (random.chance(0.05))
    lines.push(
      '<If "%{HTTP:X-Env} == \'ok\'">',
      ...randomChildren(random, 1, false, 0).map((line) => `  ${line}`),
      '</If>',
    );
  if (random.chance(0.3)) lines.push(`AuthMerging ${random.pick(['Off', 'And', 'Or'])}`);
  if (random.chance(0.25)) lines.push(...randomOrder(random));
  // Limits within limits are refused where they change nothing: one or the other.
  const isLimited = random.chance(0.15);
  if (random.chance(0.85))
    lines.push(...limitedLines(random, randomChildren(random, 2, false, isLimited ? 0 : 0.1), isLimited ? 1 : 0));
  return lines;
}

function section(kind: string, name: string, lines: readonly string[]): string {
  return `<${kind} "${name}">\n${lines.map((line) => `  ${line}\n`).join('')}</${kind}>\n`;
}

/** A configuration with many places, each under rules of its own, most of them under several that are merged. */
function randomConfiguration(random: Random): string {
  let text = MODULES.map(
    (name) =>
      `<IfModule !${name}_module>\nLoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n</IfModule>\n`,
  ).join('');
  text += 'SetEnvIf X-Env ok OK\n';
  if (random.chance(0.2)) text += 'ErrorDocument 401 /401.html\n';
  for (let place = 0; place < PLACES; place++) {
    const folder = `@DIR@/htdocs/p${place}`;
    if (random.chance(0.4)) text += section('Directory', folder, randomRules(random, true));
    if (random.chance(0.2)) text += section('Directory', `${folder}/in`, randomRules(random, false));
    if (random.chance(0.2)) text += section('Files', `f${place}.txt`, randomRules(random, false));
    if (random.chance(0.7)) text += section('Location', `/p${place}`, randomRules(random, true));
    if (random.chance(0.4)) text += section('Location', `/p${place}/in`, randomRules(random, false));
  }
  return text;
}

// --- requests -------------------------------------------------------------------------------------------------------

interface Knock {
  readonly from: string;
  readonly method: string;
  readonly path: string;
  readonly headers: [string, string][];
}

function randomKnock(random: Random): Knock {
  const place = random.int(PLACES);
  const path = `/p${place}${random.pick(['/f', '/in/f', '/in/g'])}${place}.txt`;
  const headers: [string, string][] = [];
  if (random.chance(0.4)) headers.push(['X-Env', random.pick(['ok', 'no'])]);
  if (random.chance(0.3)) headers.push(['X-Who', random.pick(['bea', 'apr s256', 'Staff', '"sha"'])]);
  if (random.chance(0.6)) headers.push(['Authorization', randomAuthorization(random)]);
  return { from: random.pick(CLIENTS), method: random.pick(METHODS), path, headers };
}

function randomAuthorization(random: Random): string {
  const user = random.pick(USERS);
  const password = random.chance(0.85) ? `${user}-pw` : random.pick(['', 'wrong', 'bea-pw', 'second-pw', 'a:b']);
  const encoded = Buffer.from(`${user}:${password}`).toString('base64');
  const dice = random.int(40);
  if (dice === 0) return 'Bearer abc';
  if (dice === 1) return 'Basic';
  if (dice === 2) return `basic   ${encoded}`;
  if (dice === 3) return `Basic ${encoded.slice(0, -3)}`;
  if (dice === 4) return `Basic ${encoded}, Basic abc`;
  return `Basic ${encoded}`;
}

/** In, or how the client was kept out; whether it was asked for a password. */
async function knock(connections: Map<string, HttpConnection>, front: Front, request: Knock): Promise<string> {
  let connection = connections.get(request.from);
  if (connection === undefined || connection.isClosed) {
    connection = await HttpConnection.open(front.port, request.from);
    connections.set(request.from, connection);
  }
  const answer = await connection.request({ method: request.method, path: request.path, headers: request.headers });
  // httpd closes after some errors before the next request is sent.
  if (headerOf(answer, 'connection')?.toLowerCase() === 'close') connection.close();
  if (answer.status !== 401 && answer.status !== 403 && answer.status !== 500) return 'in';
  return `${answer.status} ${headerOf(answer, 'www-authenticate') ?? ''}`.trim();
}

export interface DoorDifference {
  readonly request: Knock;
  readonly first: string;
  readonly second: string;
}

/**
 * Plays one random plan on two fronts.
 * @param plant changes the configuration of the first front, to prove that differences are seen
 * @returns the differences, with the configuration they happened under
 */
export async function knockSideBySide(
  random: Random,
  fronts: readonly [FrontKind, FrontKind],
  requests: number,
  plant: (configuration: string) => string = (text) => text,
): Promise<{ configuration: string; differences: DoorDifference[]; answers: Map<string, number> }> {
  const configuration = randomConfiguration(random);
  const files: Record<string, string> = { ...FILES };
  for (let place = 0; place < PLACES; place++)
    for (const name of [`f${place}.txt`, `in/f${place}.txt`, `in/g${place}.txt`])
      files[`htdocs/p${place}/${name}`] = 'inside\n';
  await using first = await Front.start(fronts[0], { conf: plant(configuration), files });
  await using second = await Front.start(fronts[1], { conf: configuration, files });
  const differences: DoorDifference[] = [];
  const answers = new Map<string, number>();
  const connections = [new Map<string, HttpConnection>(), new Map<string, HttpConnection>()];
  for (let i = 0; i < requests; i++) {
    const request = randomKnock(random);
    const one = await knock(connections[0], first, request);
    const other = await knock(connections[1], second, request);
    if (one !== other) differences.push({ request, first: one, second: other });
    const kind = other.split(' ')[0] as string;
    answers.set(kind, (answers.get(kind) ?? 0) + 1);
  }
  for (const each of connections) for (const connection of each.values()) connection.close();
  return { configuration, differences, answers };
}
