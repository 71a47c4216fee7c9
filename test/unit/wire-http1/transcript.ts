// Reads a whole connection with the codec and tells what came out as lines of text, so that any two ways of cutting the
// same bytes can be compared. Every piece is spoiled after the call it was lent to: what was kept must have been copied.

import type { Fields } from '../../../src/base/fields.ts';
import { REMOVED } from '../../../src/base/fields.ts';
import { BodyDecoder, type BodyLimits, type BodySink, defaultBodyLimits } from '../../../src/wire/http1/body.ts';
import { CONNECTION_OTHER, CONNECTION_UPGRADE, FRAMING_UNTIL_CLOSE } from '../../../src/wire/http1/framing-fields.ts';
import {
  defaultRequestHeadLimits,
  defaultResponseHeadLimits,
  type RequestHeadLimits,
  type ResponseHeadLimits,
} from '../../../src/wire/http1/limits.ts';
import { DONE, FAILED } from '../../../src/wire/http1/parse-state.ts';
import { RequestHeadParser } from '../../../src/wire/http1/request-head.ts';
import { ResponseHeadParser } from '../../../src/wire/http1/response-head.ts';
import { ABSOLUTE_FORM, ASTERISK_FORM, AUTHORITY_FORM, ORIGIN_FORM } from '../../../src/wire/http1/target.ts';

export type Limits = RequestHeadLimits & ResponseHeadLimits & BodyLimits;

export const defaultLimits: Limits = {
  ...defaultBodyLimits,
  ...defaultResponseHeadLimits,
  ...defaultRequestHeadLimits,
};

export interface Reading {
  /** What was told, and at the end `more`, `closed` or the failure. */
  readonly lines: string[];
  /** Offset of the octet that decided a failure, -1 without one. */
  readonly failedAt: number;
}

/** Reads one side of a connection, cut into pieces. */
export type Reader = (pieces: readonly Buffer[], options?: ReadOptions) => Reading;

export interface ReadOptions {
  readonly limits?: Partial<Limits>;
  /** Method of the request that a response answers. Default GET. */
  readonly method?: string;
  /** The connection ends after the last piece. */
  readonly isEnded?: boolean;
}

/** Collects a body. */
class Collector implements BodySink {
  text = '';
  isEnded = false;
  trailers: string[] = [];

  body(bytes: Buffer, start: number, end: number): void {
    if (start >= end) throw new Error('an empty piece of body');
    this.text += bytes.toString('latin1', start, end);
  }

  bodyEnd(trailers: Fields | undefined): void {
    if (this.isEnded) throw new Error('the body ended twice');
    this.isEnded = true;
    if (trailers !== undefined) this.trailers = fieldLines(trailers, 'trailer');
  }

  tell(lines: string[]): void {
    if (this.text !== '') lines.push(`body ${this.text.length} ${short(this.text)}`);
    if (this.isEnded) lines.push(...this.trailers, 'end');
  }
}

/** Reads requests until the bytes end, one fails, or one says that it is the last. */
export const readRequests: Reader = (pieces, options = {}) => {
  const limits = { ...defaultLimits, ...options.limits };
  const heads = new RequestHeadParser(limits);
  const bodies = new BodyDecoder('downstream', limits);
  return readAll(pieces, options, bodies, {
    parse: (bytes, start, end) => heads.parse(bytes, start, end),
    head: heads,
    accepted: (lines) => {
      const { head } = heads;
      const marks = [head.keepAlive ? 'keep-alive' : 'close'];
      if (head.expectsContinue) marks.push('expects-continue');
      if (heads.hasUnknownExpectation) marks.push('unknown-expectation');
      marks.push(...connectionMarks(heads.connection));
      lines.push(`request ${head.method} ${short(head.target)} HTTP/1.${head.minorVersion} ${marks.join(' ')}`);
      lines.push(...targetLines(heads), ...fieldLines(head.fields, 'field'));
      bodies.begin(head.bodyLength);
      return head.keepAlive ? 'next' : 'last';
    },
  });
};

/** Reads the responses to requests with one method. */
export const readResponses: Reader = (pieces, options = {}) => {
  const limits = { ...defaultLimits, fieldCount: defaultResponseHeadLimits.fieldCount, ...options.limits };
  const heads = new ResponseHeadParser(limits);
  const bodies = new BodyDecoder('upstream', limits);
  heads.begin(options.method ?? 'GET');
  return readAll(pieces, options, bodies, {
    parse: (bytes, start, end) => heads.parse(bytes, start, end),
    head: heads,
    close: () => (heads.hasBegun ? heads.close().code : undefined),
    accepted: (lines) => {
      const { head } = heads;
      const marks = [heads.keepAlive ? 'keep-alive' : 'close', ...connectionMarks(heads.connection)];
      const kind = heads.isInterim ? 'interim' : 'response';
      const reason = head.reason === '' ? '(standard)' : visible(head.reason);
      lines.push(`${kind} HTTP/1.${head.minorVersion} ${head.status} ${reason} ${marks.join(' ')}`);
      lines.push(...fieldLines(head.fields, 'field'));
      bodies.begin(head.bodyLength, heads.framing === FRAMING_UNTIL_CLOSE);
      const isInterim = heads.isInterim;
      const keepsOn = heads.keepAlive;
      if (isInterim) return 'interim';
      if (keepsOn) heads.begin(options.method ?? 'GET');
      return keepsOn ? 'next' : 'last';
    },
  });
};

interface HeadSource {
  parse(bytes: Buffer, start: number, end: number): number;
  readonly head: {
    readonly consumed: number;
    readonly failure: { readonly code: string; readonly status: number | undefined } | undefined;
  };
  close?(): string | undefined;
  accepted(lines: string[]): 'next' | 'last' | 'interim';
}

function readAll(pieces: readonly Buffer[], options: ReadOptions, bodies: BodyDecoder, heads: HeadSource): Reading {
  const lines: string[] = [];
  let collector: Collector | undefined;
  let isLast = false;
  let offset = 0;
  const finish = (ending: string, failedAt = -1): Reading => {
    if (collector !== undefined) collector.tell(lines);
    lines.push(ending);
    return { lines, failedAt };
  };

  for (const original of pieces) {
    const piece = Buffer.from(original);
    let at = 0;
    while (at < piece.length || collector !== undefined) {
      if (collector === undefined) {
        if (isLast) return finish('closed');
        const state = heads.parse(piece, at, piece.length);
        at = heads.head.consumed;
        if (state === FAILED) {
          const { failure } = heads.head;
          return finish(`failed ${failure?.code} ${failure?.status}`, offset + at);
        }
        if (state !== DONE) break;
        const what = heads.accepted(lines);
        if (what === 'interim') continue;
        isLast = what === 'last';
        collector = new Collector();
      }
      at = bodies.decode(piece, at, piece.length, collector);
      if (bodies.failure !== undefined) {
        return finish(`failed ${bodies.failure.code} ${bodies.failure.status}`, offset + at);
      }
      if (!bodies.isComplete) break;
      collector.tell(lines);
      collector = undefined;
    }
    offset += piece.length;
    piece.fill(0x58);
  }

  if (options.isEnded === true) {
    if (collector !== undefined) bodies.close(collector);
    if (bodies.failure !== undefined) return finish(`failed ${bodies.failure.code} ${bodies.failure.status}`);
    const code = heads.close?.();
    return finish(code === undefined ? 'closed' : `failed ${code} 502`);
  }
  return finish(isLast && collector === undefined ? 'closed' : 'more');
}

function connectionMarks(bits: number): string[] {
  const marks: string[] = [];
  if ((bits & CONNECTION_UPGRADE) !== 0) marks.push('upgrade');
  if ((bits & CONNECTION_OTHER) !== 0) marks.push('named-fields');
  return marks;
}

function targetLines(heads: RequestHeadParser): string[] {
  const { target, head } = heads;
  const path = visible(head.target.slice(target.pathStart, target.pathEnd));
  const query = target.queryStart < 0 ? '' : ` query=${visible(head.target.slice(target.queryStart))}`;
  const { hostStart, hostEnd, port } = target.authority;
  const host = `host=${head.target.slice(hostStart, hostEnd)} port=${port}`;
  switch (target.form) {
    case ORIGIN_FORM:
      return query === '' ? [] : [`target path=${path}${query}`];
    case ABSOLUTE_FORM:
      return [`target ${target.isSecure ? 'https' : 'http'} ${host} path=${path}${query}`];
    case AUTHORITY_FORM:
      return [`target authority ${host}`];
    case ASTERISK_FORM:
      return ['target asterisk'];
  }
}

function fieldLines(fields: Fields, word: string): string[] {
  const lines: string[] = [];
  for (let i = 0; i < fields.count; i++) {
    if (fields.idAt(i) === REMOVED) continue;
    lines.push(`${word} ${fields.nameAt(i)}: ${short(fields.valueAt(i))}`.trimEnd());
  }
  return lines;
}

/** Text with every octet that is not visible ASCII or a space escaped. */
export function visible(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (octet) => `\\x${octet.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** As `visible`, with long text cut. */
function short(text: string): string {
  return text.length > 120 ? `${visible(text.slice(0, 16))}... (${text.length})` : visible(text);
}
