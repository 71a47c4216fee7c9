// Random rules of mod_jk and random paths for them: JkMount lines of a server and two hosts, a map file, sections that guard
// and strip; and whether live mod_jk and the front under test send every path to the same place.

import { type Conversation, headerOf } from './client.ts';
import type { JkPair } from './jk.ts';
import { type JkTexts, startJkPair } from './jk.ts';
import type { Random } from './random.ts';

export interface MountPlan {
  readonly texts: JkTexts & { readonly mounts: string; readonly conf: string };
}

export interface MountDifference {
  readonly host: string;
  readonly path: string;
  readonly ours: string;
  readonly theirs: string;
}

const WORKERS = `worker.list=w1,w2,w3
worker.w1.host=127.0.0.1
worker.w1.port=@a@
worker.w2.host=127.0.0.1
worker.w2.port=@b@
worker.w3.host=127.0.0.1
worker.w3.port=@c@
worker.w3.mount=/own /own/* /a/own|/*
`;

const NAMES = ['a', 'b', 'app', 'App', 'x.jsp', 'y.do', 'z.gif', 'own', 'i'] as const;
const WILD = ['*', '*', '?', '*.jsp', '*.do', 'a*', '*a*', '??', '**'] as const;
const TARGETS = ['w1', 'w1', 'w2', 'w2', 'w3', 'nosuch'] as const;
const ODD = [
  '',
  '.',
  '..',
  ';v=1',
  'a;v=1',
  '..;x',
  '.;x',
  ';',
  'b;jsessionid=1.r',
  'a%20b',
  'a%25b',
  'a%5Cb',
  '%61',
  'x%3By',
] as const;
const HOSTS = ['www.example.test', 'two.test', 'three.test'] as const;

/** A pattern, now and then with the shorthand for two. */
function randomPattern(random: Random): string {
  const count = 1 + random.int(3);
  const parts = Array.from({ length: count }, () => (random.chance(0.4) ? random.pick(WILD) : random.pick(NAMES)));
  const pattern = `/${parts.join('/')}`;
  if (random.chance(0.15)) return `${pattern}|/*`;
  return random.chance(0.1) ? `${pattern}/` : pattern;
}

function randomMap(random: Random): string {
  const lines = Array.from({ length: random.int(9) }, () => {
    const modifier = random.pick(['', '', '', '', '!', '-', '-!', '!-']);
    const worker = modifier.includes('!') && random.chance(0.4) ? '*' : random.pick(TARGETS);
    const blank = random.pick(['', '', ' ', '\t']);
    const more = random.pick(['', '', '', ';reply_timeout=9000', ';stateless=1', ';bogus=1', ' # comment']);
    return `${blank}${modifier}${randomPattern(random)}${blank}=${blank}${worker}${more}`;
  });
  if (random.chance(0.3)) lines.push('v=w2', `${randomPattern(random)}=$(v)`, `${randomPattern(random)}=$(NOBODY)`);
  if (random.chance(0.3)) lines.push('no rule', '=w1', '/nothing=', '# /c=w1');
  return `${lines.join('\n')}\n`;
}

function randomMounts(random: Random): string[] {
  const lines = Array.from({ length: random.int(5) }, () => `JkMount ${randomPattern(random)} ${random.pick(TARGETS)}`);
  if (random.chance(0.4)) lines.push(`JkUnMount ${randomPattern(random)} ${random.pick(['*', ...TARGETS])}`);
  if (random.chance(0.3))
    lines.push(`<Location "${randomPattern(random)}">\nJkMount ${random.pick(TARGETS)}\n</Location>`);
  return lines;
}

function randomHost(random: Random, name: string): string {
  const lines = [`ServerName ${name}`, ...(random.chance(0.5) ? randomMounts(random) : [])];
  if (random.chance(0.6)) lines.push(`JkMountCopy ${random.pick(['On', 'On', 'Off'])}`);
  if (random.chance(0.2)) lines.push('JkMountFile @DIR@/other.properties');
  if (random.chance(0.2)) lines.push('JkOptions +RejectUnsafeURI');
  if (random.chance(0.3)) lines.push(`JkStripSession ${random.pick(['On', 'Off', 'On ;v'])}`);
  return `<VirtualHost *:*>\n${lines.join('\n')}\n</VirtualHost>`;
}

export function randomMountPlan(random: Random): MountPlan {
  const main = randomMounts(random);
  if (random.chance(0.3)) main.push('JkMountCopy All');
  if (random.chance(0.2)) main.push('JkOptions +RejectUnsafeURI');
  if (random.chance(0.3)) main.push('JkStripSession On');
  if (random.chance(0.4)) main.push('<Location /a/b>\nRequire all denied\n</Location>');
  if (random.chance(0.3)) main.push('SetEnvIf Request_URI \\.gif no-jk');
  const conf = [
    ...main,
    // The first host is the server's own, so that its rules are seen too.
    `<VirtualHost *:*>\nServerName ${HOSTS[0]}\nJkMountCopy On\n</VirtualHost>`,
    ...HOSTS.slice(1).map((name) => randomHost(random, name)),
  ].join('\n');
  return {
    texts: {
      workers: WORKERS,
      mounts: randomMap(random),
      conf,
      files: { 'other.properties': randomMap(random), 'htdocs/a/i': 'file a/i\n', 'htdocs/b/x.jsp': 'file b/x\n' },
    },
  };
}

function randomPath(random: Random): string {
  const count = 1 + random.int(4);
  const parts = Array.from({ length: count }, () => (random.chance(0.25) ? random.pick(ODD) : random.pick(NAMES)));
  return `/${parts.join('/')}${random.chance(0.15) ? '/' : ''}${random.chance(0.1) ? '?q=/a/x.jsp' : ''}`;
}

/** Where a request came to: member and URI, or status. */
function placeOf(answer: Conversation): string {
  const member = headerOf(answer, 'x-member');
  if (member === undefined) return `here ${answer.status}`;
  const { uri } = JSON.parse(answer.body.toString()) as { uri: string };
  return `${member} ${answer.status} ${uri}`;
}

/** Asks both `count` questions. */
export async function compareMounts(
  random: Random,
  count: number,
): Promise<{ plan: MountPlan; forwarded: number; differences: MountDifference[] }> {
  const plan = randomMountPlan(random);
  await using pair: JkPair = await startJkPair(plan.texts);
  const differences: MountDifference[] = [];
  let forwarded = 0;
  for (let i = 0; i < count; i++) {
    const host = random.pick(HOSTS);
    const path = randomPath(random);
    const answers = await pair.ask({ path, headers: [['Host', host]] });
    const [ours, theirs] = [placeOf(answers.ours), placeOf(answers.theirs)];
    if (!theirs.startsWith('here')) forwarded++;
    if (ours !== theirs) differences.push({ host, path, ours, theirs });
  }
  return { plan, forwarded, differences };
}
