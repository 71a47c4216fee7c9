// Expressions beside the real httpd: which are refused, and what the others answer, as conditions and as texts. Facts first,
// then several hundred by chance; SEED repeats a run.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parseExpression, parseText } from '../../src/config/expression/expression.ts';
import { fetchOnce, headerOf } from '../support/client.ts';
import { EXPRESSION_HEADERS, inText, randomCondition, spoilt } from '../support/expressions.ts';
import { Front, type FrontKind, UNDER_TEST } from '../support/front.ts';
import { needs } from '../support/peers.ts';
import { chosenSeed, randomFrom } from '../support/random.ts';

interface Question {
  readonly kind: 'condition' | 'text';
  /** UTF-8, as a file would have it. */
  readonly text: string;
  /** May be wrong: httpd is asked beforehand. */
  readonly isDoubtful: boolean;
}

/** httpd's answer where a value holds octets that no field may carry; here they become blanks. */
const NO_FIELD = '500 -';
const SURE: Question = { kind: 'condition', text: 'true', isDoubtful: false };
const MODULES = '/usr/lib/apache2/modules';
const LIMIT_MS = 20_000;
const CHECKS_AT_ONCE = 4;

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

function line({ kind, text }: Question): string {
  return kind === 'condition'
    ? `Header always set X-R true ${quoted(`expr=${text}`)}`
    : `Header always set X-R ${quoted(`expr=${text}`)}`;
}

/** What is wrong with it; undefined when nothing is. */
function problemOf({ kind, text }: Question): string | undefined {
  const octets = Buffer.from(text).toString('latin1');
  const parsed = kind === 'condition' ? parseExpression(octets) : parseText(octets);
  return parsed.ok ? undefined : parsed.problem;
}

function isTaken(question: Question): boolean {
  return problemOf(question) === undefined;
}

/** A slash after a whole condition begins a regular expression, which httpd forgets when it never ends. */
function isUnfinishedRegex(question: Question): boolean {
  return problemOf(question)?.startsWith('the regular expression that begins here') === true;
}

/** Whether httpd takes each of these; a scanner that gives up (`flex scanner jammed`) does not. */
async function takenByHttpd(questions: readonly Question[]): Promise<boolean[]> {
  const dir = await mkdtemp(join(tmpdir(), 'expressions-'));
  const taken: boolean[] = [];
  const modules = ['mpm_event', 'authz_core', 'headers'].map(
    (name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so\n`,
  );
  let next = 0;
  const check = async () => {
    for (let i = next++; i < questions.length; i = next++) {
      const file = join(dir, `${i}.conf`);
      await writeFile(
        file,
        `ServerRoot ${dir}\nListen 127.0.0.1:1\nServerName x\nErrorLog error.log\n${modules.join('')}${line(questions[i])}\n`,
      );
      taken[i] = await promisify(execFile)('/usr/sbin/apache2', ['-t', '-d', dir, '-f', file], {
        timeout: LIMIT_MS,
      }).then(
        () => true,
        () => false,
      );
    }
  };
  try {
    await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, check));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return taken;
}

/** What a front answers to each: the value, or `-` when there is none. */
async function answers(kind: FrontKind, questions: readonly Question[]): Promise<string[]> {
  const sections = questions.map((question, i) => `<Location /l${i}x>\n${line(question)}\n</Location>\n`).join('');
  const conf = `ServerAdmin admin@x.test\nSetEnv SET of-env\nSetEnvIf Request_URI . EARLY=1\nDocumentRoot /etc/alternatives\n${sections}`;
  await using front = await Front.start(kind, { conf });
  const found: string[] = [];
  for (const i of questions.keys()) {
    const answer = await fetchOnce(
      front.port,
      { path: `/l${i}x?q=1&b=two`, host: 'www.Example.test:8080', headers: EXPRESSION_HEADERS },
      LIMIT_MS,
    );
    found.push(`${answer.status} ${headerOf(answer, 'x-r') ?? '-'}`);
  }
  return found;
}

async function compare(questions: readonly Question[]): Promise<void> {
  const doubtful = questions.filter((each) => (each.isDoubtful || !isTaken(each)) && !isUnfinishedRegex(each));
  const [control, ...taken] = await takenByHttpd([SURE, ...doubtful]);
  assert.ok(control, 'httpd takes what is right');
  const verdicts = doubtful.map((question, i) => ({
    question: line(question),
    httpd: taken[i],
    own: isTaken(question),
  }));
  assert.deepEqual(
    verdicts.filter(({ httpd, own }) => httpd !== own),
    [],
    'refused by one and taken by the other',
  );
  const right = questions.filter(isTaken);
  const [theirs, own] = await Promise.all([answers('httpd', right), answers(UNDER_TEST, right)]);
  const different = right.flatMap((question, i) =>
    theirs[i] === own[i] || theirs[i] === NO_FIELD ? [] : [{ question: line(question), httpd: theirs[i], own: own[i] }],
  );
  assert.deepEqual(different, []);
  assert.ok(theirs.some((answer) => answer.endsWith(' true')) || theirs.length === 0);
}

/** A text whose value no field could carry is no question. */
function fitsField(text: string): boolean {
  return !/\\[0-7nrtbf]/.test(text);
}

test('the facts are those of httpd', needs('httpd'), async () => {
  const facts = readFileSync(new URL('../data/expressions/facts.txt', import.meta.url), 'utf8');
  const sections = facts.split(/^# /m).slice(1);
  const rows = sections
    .filter((section) => !section.split('\n', 1)[0].endsWith('(tables)'))
    .flatMap((section) => section.trim().split('\n').slice(1));
  assert.ok(rows.length > 250);
  await compare(
    rows.map((row) => ({ kind: 'condition', text: row.split(/\s+=>\s+/)[0], isDoubtful: row.endsWith('refused') })),
  );
});

test('conditions by chance are answered alike', needs('httpd'), async (t) => {
  const random = randomFrom(chosenSeed());
  t.diagnostic(`SEED=${random.seed}`);
  const questions = Array.from({ length: 400 }, (): Question => {
    const text = randomCondition(random);
    const isDoubtful = random.chance(0.25);
    return { kind: 'condition', text: isDoubtful ? spoilt(random, text) : text, isDoubtful };
  });
  await compare(questions);
});

test('texts by chance are told alike', needs('httpd'), async (t) => {
  const random = randomFrom(chosenSeed());
  t.diagnostic(`SEED=${random.seed}`);
  const questions: Question[] = [{ kind: 'text', text: '%{tolower:TRUE}', isDoubtful: false }];
  while (questions.length < 250) {
    const text = inText(random);
    const isDoubtful = random.chance(0.25);
    const asked = isDoubtful ? spoilt(random, text) : text;
    if (fitsField(asked)) questions.push({ kind: 'text', text: asked, isDoubtful });
  }
  await compare(questions);
});
