// The same lines for the real httpd and for Catflap, the same questions, the same answers: status, some fields, and the
// body unless it is a page of the server's own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchOnce, type RequestText } from './client.ts';
import { Front, type FrontKind, UNDER_TEST } from './front.ts';
import { needs } from './peers.ts';

export interface Case {
  /** The directives that it shows, and what is so about them. */
  readonly title: string;
  readonly conf: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Paths, or whole requests. */
  readonly ask: readonly (string | RequestText)[];
  /** Fields of the answers that count besides Location. */
  readonly fields?: readonly string[];
  /** Something that must be among the answers, lest both servers agree on an error. */
  readonly expect: RegExp;
}

/** A test for each case, named by its title. */
export function sameAnswers(cases: readonly Case[]): void {
  for (const each of cases)
    test(each.title, needs('httpd'), async () => {
      const wanted = await play('httpd', each);
      assert.match(wanted.join('\n').replaceAll('\n', ' '), each.expect);
      assert.deepEqual(await play(UNDER_TEST, each), wanted);
    });
}

async function play(kind: FrontKind, { conf, files, ask, fields = [] }: Case): Promise<string[]> {
  await using front = await Front.start(kind, { conf, ...(files && { files }) });
  const answers: string[] = [];
  for (const request of ask) {
    const answer = await fetchOnce(front.port, typeof request === 'string' ? { path: request } : request);
    const shown = ['Location', ...fields].map((field) =>
      answer.headers
        .filter(([name]) => name.toLowerCase() === field.toLowerCase())
        // A file of this very second has a weak ETag.
        .map(([, value]) => value.replaceAll(String(front.port), 'PORT').replace(/^W\//, '')),
    );
    const isTheirs = !/^<!doctype/i.test(answer.body.toString('latin1'));
    const body = isTheirs ? answer.body.toString('latin1') : '';
    answers.push(JSON.stringify([request, answer.status, ...shown, body]));
  }
  return answers;
}
