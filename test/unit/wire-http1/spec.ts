// The specification files: cases in Markdown, each with the bytes of a connection and what reading them must tell.
//
// A case is a `###` heading, an `http` block and an `events` block. In the `http` block every line ends in CRLF, unless
// it ends in a backslash; `\r \n \t \\ \xHH` stand for octets; `«a*20»` is a repeated twenty times. Options stand on the
// line of the fence: `http requests limits=fieldCount:3,fieldBytes:40 ended method=HEAD`.

import { readdirSync, readFileSync } from 'node:fs';
import type { Limits, Reader, Reading } from './transcript.ts';

export interface SpecCase {
  readonly file: string;
  readonly title: string;
  readonly role: 'requests' | 'responses';
  readonly bytes: Buffer;
  readonly limits: Partial<Limits>;
  readonly method: string;
  readonly isEnded: boolean;
  readonly expected: readonly string[];
}

const DIRECTORY = new URL('./spec/', import.meta.url);

export function loadSpec(): SpecCase[] {
  return readdirSync(DIRECTORY)
    .filter((file) => file.endsWith('.md'))
    .sort()
    .flatMap((file) => parseSpec(file, readFileSync(new URL(file, DIRECTORY), 'utf8')));
}

export function parseSpec(file: string, text: string): SpecCase[] {
  const cases: SpecCase[] = [];
  for (const section of text.split(/^### /m).slice(1)) {
    const title = section.slice(0, section.indexOf('\n')).trim();
    const http = /^```http (.*)\n([\s\S]*?)^```$/m.exec(section);
    const events = /^```events\n([\s\S]*?)^```$/m.exec(section);
    if (http === null || events === null) throw new Error(`${file}: "${title}" lacks a block`);
    const words = http[1].split(' ');
    const role = words[0];
    if (role !== 'requests' && role !== 'responses') throw new Error(`${file}: "${title}" has no role`);
    cases.push({
      file,
      title,
      role,
      bytes: octets(http[2]),
      limits: limitsOf(words.find((word) => word.startsWith('limits='))?.slice(7)),
      method: words.find((word) => word.startsWith('method='))?.slice(7) ?? 'GET',
      isEnded: words.includes('ended'),
      expected: events[1].split('\n').slice(0, -1),
    });
  }
  return cases;
}

/**
 * Replays a case whole, octet by octet and at every split; tells the first thing that is wrong, undefined when nothing
 * is. A failure must come at the same octet however the bytes are cut, and not a single octet later than it can.
 */
export function replay(spec: SpecCase, reader: Reader): string | undefined {
  const { bytes, isEnded, limits, method } = spec;
  const read = (pieces: Buffer[]): Reading => reader(pieces, { limits, method, isEnded });
  const whole = read([bytes]);
  const told = whole.lines.join('\n');
  if (told !== spec.expected.join('\n')) return `read whole:\n${told}`;
  const differs = (other: Reading): boolean => other.lines.join('\n') !== told || other.failedAt !== whole.failedAt;
  const single = read(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)));
  if (differs(single)) return `read octet by octet, failed at ${single.failedAt}:\n${single.lines.join('\n')}`;
  for (let at = 1; at < bytes.length; at++) {
    const split = read([bytes.subarray(0, at), bytes.subarray(at)]);
    if (differs(split)) return `split at ${at}, failed at ${split.failedAt}:\n${split.lines.join('\n')}`;
  }
  if (whole.failedAt >= 0) {
    const before = reader([bytes.subarray(0, whole.failedAt)], { limits, method });
    if (before.failedAt >= 0) return `fails before octet ${whole.failedAt}`;
    const at = reader([bytes.subarray(0, whole.failedAt + 1)], { limits, method });
    if (at.failedAt < 0) return `does not fail at octet ${whole.failedAt} yet`;
  }
  return undefined;
}

/** The octets that the text of an `http` block stands for. */
export function octets(text: string): Buffer {
  const repeated = text.replace(/«([^»]*)\*(\d+)»/g, (_, part: string, count: string) => part.repeat(Number(count)));
  const lined = repeated.replace(/\\\n/g, '').replace(/\n/g, '\\r\\n');
  const plain = lined.replace(/\\(?:x([0-9a-f]{2})|([rnt\\]))/gi, (_, hex: string | undefined, letter: string) =>
    hex === undefined
      ? ({ r: '\r', n: '\n', t: '\t', '\\': '\\' }[letter] as string)
      : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(plain, 'latin1');
}

function limitsOf(text: string | undefined): Partial<Limits> {
  if (text === undefined) return {};
  const pairs = text.split(',').map((pair) => pair.split(':'));
  return Object.fromEntries(pairs.map(([name, value]) => [name, value === 'true' ? true : Number(value)]));
}
