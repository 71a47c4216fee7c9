// One file on its way to one client, when it is not in memory: opened, looked at, and sent in pieces no faster than the
// client takes them. All decisions are taken on the open file, so the path may change meanwhile.

import { type BigIntStats, close, constants, fstat, lstat, open, read, stat } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Failure } from '../../base/failure.ts';
import type { Exchange, ExchangeSink } from '../../listener/exchange.ts';
import { describeContent } from './mime.ts';
import type { StaticFiles, StaticRequest } from './static.ts';
import { type Answer, decideAnswer, fillHead, type Segment, segmentsOf } from './static-answer.ts';
import { type Representation, represent } from './static-representation.ts';

/** Octets read from a file at once: few for slow clients, so that little waits for them; more while a client keeps up. */
const READ_MIN_BYTES = 64 * 1024;
const READ_MAX_BYTES = 256 * 1024;
/** Read buffers kept for the next delivery. */
const SPARE_BUFFERS_MAX = 16;
/** Never waits for a writer when the path names a pipe; never takes a terminal. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

const spareBuffers: Buffer[] = [];

/** What Options say about symbolic links below the mapped folder. */
export type SymlinkPolicy = 'follow' | 'owner-match' | 'refuse';

export class Delivery implements ExchangeSink {
  readonly #files: StaticFiles;
  readonly #exchange: Exchange;
  readonly #request: StaticRequest;
  readonly #policy: SymlinkPolicy;
  #fd = -1;
  #segments: readonly Segment[] = [];
  #next = 0;
  /** Where in the file the segment in progress stands. */
  #offset = 0;
  #readBytes = 2 * READ_MIN_BYTES;
  #isReading = false;
  #isOver = false;

  constructor(files: StaticFiles, exchange: Exchange, request: StaticRequest, policy: SymlinkPolicy) {
    this.#files = files;
    this.#exchange = exchange;
    this.#request = request;
    this.#policy = policy;
    exchange.sink = this;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  start(): void {
    if (this.#policy === 'follow') this.#open();
    else this.#checkLinks(this.#request.root.replace(/\/+$/, '').length);
  }

  // --- the exchange's side ------------------------------------------------------------------------------------------

  requestBody(): void {}

  requestEnd(): void {}

  drained(): void {
    if (!this.#isReading) this.#pump();
  }

  aborted(): void {
    this.#finish();
  }

  ended(): void {
    this.#finish();
  }

  // --- opening ------------------------------------------------------------------------------------------------------

  /** Looks at each name below the root, from the top; `from` is the length of the path already looked at. */
  #checkLinks(from: number): void {
    const { file } = this.#request;
    const start = from + 1;
    if (start >= file.length) {
      this.#open();
      return;
    }
    const slash = file.indexOf('/', start);
    const end = slash < 0 ? file.length : slash;
    const path = file.slice(0, end);
    lstat(path, (error, link) => {
      if (this.#isOver) return;
      if (error !== null || !link.isSymbolicLink()) {
        if (error === null) this.#checkLinks(end);
        else this.#open(); // opening fails in the same way, and says so
      } else if (this.#policy === 'refuse') {
        this.#fail(403, 'static-link-refused', `${path} is a symbolic link`);
      } else {
        stat(path, (statError, target) => {
          if (this.#isOver) return;
          if (statError === null && target.uid === link.uid) this.#checkLinks(end);
          else this.#fail(403, 'static-link-refused', `${path} is a link to a file of another owner`);
        });
      }
    });
  }

  #open(): void {
    const now = this.#files.clock.now();
    open(this.#request.file, OPEN_FLAGS, (error, fd) => {
      if (error !== null) {
        if (!this.#isOver) this.#failToOpen(error);
        return;
      }
      this.#fd = fd;
      if (this.#isOver) {
        this.#closeFile();
        return;
      }
      fstat(fd, { bigint: true }, (statError, state) => {
        if (this.#isOver) this.#closeFile();
        else if (statError !== null) this.#failToOpen(statError);
        else this.#look(state, now);
      });
    });
  }

  #failToOpen(error: NodeJS.ErrnoException): void {
    switch (error.code) {
      case 'ENOENT':
      case 'ENOTDIR':
        this.#finish();
        this.#files.missing(this.#exchange, this.#request);
        break;
      case 'EMFILE':
      case 'ENFILE':
      case 'ENOMEM':
        this.#fail(503, 'static-out-of-files', 'no file can be opened now', error);
        break;
      default: // EACCES, ELOOP, ENAMETOOLONG: 403, as httpd
        this.#fail(403, 'static-not-readable', `${this.#request.file} cannot be read`, error);
    }
  }

  #look(state: BigIntStats, now: number): void {
    const { file, settings } = this.#request;
    if (state.isDirectory()) {
      this.#finish();
      this.#files.folder(this.#exchange, this.#request);
      return;
    }
    if (!state.isFile()) {
      this.#fail(403, 'static-not-a-file', `${file} is neither file nor folder`);
      return;
    }
    const facts = describeContent(basename(file), this.#request.mediaTypes, settings);
    if (facts.handler !== undefined) {
      this.#fail(500, 'static-needs-handler', `${basename(dirname(file))}/${basename(file)} needs ${facts.handler}`);
      return;
    }
    const wall = this.#exchange.startedWall;
    const representation = represent(state, facts, settings, wall);
    if (this.#policy === 'follow' && representation.size <= this.#files.hot.limits.fileBytes) {
      this.#readWhole(representation.size, (body) => {
        this.#files.hot.keep(file, body, representation, settings, state, now, wall);
        this.#answer(this.#decide(representation), body);
      });
    } else this.#answer(this.#decide(representation), undefined);
  }

  #readWhole(size: number, done: (body: Buffer) => void): void {
    const body = Buffer.allocUnsafeSlow(size);
    const step = (filled: number): void => {
      if (filled === size) {
        this.#closeFile();
        done(body);
        return;
      }
      read(this.#fd, body, filled, size - filled, filled, (error, count) => {
        if (this.#isOver) this.#closeFile();
        else if (error !== null || count === 0)
          this.#fail(500, 'static-read-failed', 'the file could not be read', error);
        else step(filled + count);
      });
    };
    step(0);
  }

  #decide(representation: Representation): Answer {
    return this.#request.errorStatus === undefined
      ? decideAnswer(this.#exchange, representation)
      : { kind: 'whole', representation };
  }

  // --- sending ------------------------------------------------------------------------------------------------------

  #answer(answer: Answer, body: Buffer | undefined): void {
    const exchange = this.#exchange;
    if (answer.kind === 'error') {
      this.#closeFile();
      this.#isOver = true;
      if (answer.contentRange !== undefined) exchange.response.fields.set('Content-Range', answer.contentRange);
      this.#request.hooks.fail(exchange, answer.status);
      return;
    }
    fillHead(exchange, answer, this.#files.boundary);
    if (this.#request.errorStatus !== undefined) exchange.response.status = this.#request.errorStatus;
    this.#segments =
      answer.kind === 'not-modified' || exchange.request.method === 'HEAD'
        ? []
        : segmentsOf(answer, body, this.#files.boundary);
    this.#beginSegment();
    exchange.sendHead();
    this.#pump();
  }

  #beginSegment(): void {
    const segment = this.#segments[this.#next];
    if (segment !== undefined && segment.bytes === undefined) this.#offset = segment.start;
  }

  #pump(): void {
    const exchange = this.#exchange;
    while (!this.#isOver && !exchange.congested) {
      const segment = this.#segments[this.#next];
      if (segment === undefined) {
        this.#finish();
        exchange.sendEnd();
        return;
      }
      if (segment.bytes === undefined) {
        this.#readPiece(segment.end);
        return;
      }
      exchange.sendBody(segment.bytes, segment.start, segment.end);
      this.#next++;
      this.#beginSegment();
    }
  }

  #readPiece(end: number): void {
    const buffer = spareBuffers.pop() ?? Buffer.allocUnsafeSlow(READ_MAX_BYTES);
    const size = Math.min(this.#readBytes, end - this.#offset);
    this.#isReading = true;
    if (this.#exchange.responseBodyBytes > 0) this.#exchange.flush();
    read(this.#fd, buffer, 0, size, this.#offset, (error, count) => {
      this.#isReading = false;
      if (this.#isOver) this.#closeFile();
      else if (error !== null || count === 0) {
        // The announced length cannot be kept: the client must see that.
        const why = error === null ? 'the file became shorter while it was sent' : 'the file could not be read';
        this.#exchange.failure ??= new Failure('static-read-failed', 'internal', why, { cause: error });
        this.#finish();
        this.#exchange.breakOff();
      } else {
        this.#offset += count;
        if (this.#offset === end) {
          this.#next++;
          this.#beginSegment();
        }
        this.#exchange.sendBody(buffer, 0, count);
        const wanted = this.#exchange.congested ? this.#readBytes / 2 : this.#readBytes * 2;
        this.#readBytes = Math.min(Math.max(wanted, READ_MIN_BYTES), READ_MAX_BYTES);
      }
      if (spareBuffers.length < SPARE_BUFFERS_MAX) spareBuffers.push(buffer);
      this.#pump();
    });
  }

  // --- ending -------------------------------------------------------------------------------------------------------

  #fail(status: number, code: string, message: string, cause?: unknown): void {
    this.#finish();
    const facts = cause === undefined || cause === null ? { status } : { status, cause };
    this.#request.hooks.fail(this.#exchange, status, new Failure(code, 'internal', message, facts));
  }

  #finish(): void {
    this.#isOver = true;
    this.#closeFile();
  }

  /** A read in progress keeps the file open; its end closes it. */
  #closeFile(): void {
    if (this.#fd < 0 || this.#isReading) return;
    const fd = this.#fd;
    this.#fd = -1;
    close(fd, () => {});
  }
}
