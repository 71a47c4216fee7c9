// Static files. Small ones come from memory in one write; the others are streamed. Folders lead to their index or to
// nothing: they are never listed. Place in the picture: a handler of the frontend; mapping, access rules and settings
// are decided before it, and whatever changes the path (an index, a fallback) goes back there as an internal redirect.

import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { FIELD } from '../../base/field-names.ts';
import { type Exchange, noSink } from '../../listener/exchange.ts';
import type { DirectorySettings } from '../../site/model.ts';
import { answerRedirect } from '../error-page.ts';
import { type HotFile, HotFiles, type HotFilesLimits } from './hot-files.ts';
import type { MediaTypes } from './mime.ts';
import { type Answer, decideAnswer, fillHead, segmentsOf } from './static-answer.ts';
import { isConditional } from './static-conditions.ts';
import { Delivery, type SymlinkPolicy } from './static-delivery.ts';
import { escapePath, judgePath } from './static-path.ts';

/** What static files need of the pipeline around them. */
export interface StaticHooks {
  /** Answers with an error page or document; fields like Allow are already set. */
  fail(exchange: Exchange, status: number, failure?: Failure): void;
  /** Runs the request again for another decoded path of this host. */
  redirect(exchange: Exchange, path: string): void;
  /** Offers a folder without an index. True when it will be answered. Default: nobody wants it. */
  folder?(exchange: Exchange): boolean;
  /** Sends the client to another URL, for good. Default: `answerRedirect`. */
  moved?(exchange: Exchange, location: string): void;
}

/** One request for a file. Kept until the exchange ends. */
export interface StaticRequest {
  /** Decoded, normalised path of the request (latin1 view). */
  readonly path: string;
  /** Query as sent, without `?`. */
  readonly query: string | undefined;
  /** Where `path` leads, from `mapToFile`. */
  readonly file: string;
  readonly root: string;
  readonly isScript: boolean;
  /** Merged settings of the place. The same object for the same place, or nothing stays in memory. */
  readonly settings: DirectorySettings;
  readonly mediaTypes: MediaTypes;
  /** Scheme and authority by which the client knows us: `http://host:port`. Read for redirects only. */
  readonly origin: string;
  /** 403 where mod_autoindex is loaded, 404 elsewhere: what a folder without index answers. */
  readonly folderStatus: 403 | 404;
  /** The file is the page of an error (ErrorDocument): it goes out whole, with this status, whatever was asked for. */
  readonly errorStatus?: number | undefined;
  readonly hooks: StaticHooks;
}

export interface StaticOptions {
  readonly clock: Clock;
  readonly limits?: Partial<HotFilesLimits>;
  /** Boundary of multipart answers; must not occur in files. Random by default. */
  readonly boundary?: string;
}

const ALLOWED = 'GET,POST,OPTIONS,HEAD';
/** Methods that httpd knows by name: 405 for them, 501 for all others. */
export const KNOWN_METHODS: ReadonlySet<string> = new Set(
  (
    'PUT DELETE CONNECT TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK VERSION-CONTROL CHECKOUT UNCHECKOUT ' +
    'CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY BASELINE-CONTROL MERGE'
  ).split(' '),
);
const DEFAULT_INDEX: readonly string[] = ['index.html'];
/** Folders whose index is remembered; beyond it the memory starts anew. */
const MAX_INDEXES = 1024;

/** Which name answered for a folder, for as long as a hot file is trusted. */
interface IndexMemory {
  readonly settings: DirectorySettings;
  readonly name: string;
  readonly foundAt: number;
}

export class StaticFiles {
  readonly clock: Clock;
  readonly hot: HotFiles;
  readonly boundary: string;
  readonly #indexes = new Map<string, IndexMemory>();

  constructor(options: StaticOptions) {
    this.clock = options.clock;
    this.hot = new HotFiles(options.limits);
    this.boundary = options.boundary ?? randomBytes(12).toString('hex');
  }

  serve(exchange: Exchange, request: StaticRequest): void {
    const { method } = exchange.request;
    exchange.sink = noSink;
    // POST gets the file too: httpd's handler does not ask for the method of what it sends.
    if (method !== 'GET' && method !== 'HEAD' && method !== 'POST' && request.errorStatus === undefined) {
      this.#answerOtherMethod(exchange, request);
      return;
    }
    const verdict = judgePath(request.path);
    if (verdict !== 0) {
      request.hooks.fail(exchange, verdict);
      return;
    }
    const entry = this.hot.find(request.file, request.settings);
    if (request.path.endsWith('/')) this.#serveIndex(exchange, request);
    else if (entry === undefined) this.#deliver(exchange, request);
    else {
      const now = this.clock.now();
      if (!this.hot.isCurrent(entry, now)) this.#confirm(exchange, request, entry, now);
      else this.#answerFrom(exchange, request, entry);
    }
  }

  /** The path names nothing. */
  missing(exchange: Exchange, request: StaticRequest): void {
    const fallback = request.settings.fallbackResource;
    if (fallback === undefined || fallback === 'disabled' || fallback === request.path)
      request.hooks.fail(exchange, 404);
    else request.hooks.redirect(exchange, fallback);
  }

  /** The path names a folder, without the slash at its end. */
  folder(exchange: Exchange, request: StaticRequest): void {
    if (request.settings.directorySlash === false) request.hooks.fail(exchange, request.folderStatus);
    else {
      const query = request.query === undefined ? '' : `?${request.query}`;
      const location = `${request.origin}${escapePath(request.path)}/${query}`;
      if (request.hooks.moved === undefined) answerRedirect(exchange, 301, location);
      else request.hooks.moved(exchange, location);
    }
  }

  #deliver(exchange: Exchange, request: StaticRequest): void {
    if (request.isScript) {
      const why = `${request.file} is a CGI program; they are not run here`;
      request.hooks.fail(exchange, 500, new Failure('static-needs-handler', 'internal', why));
    } else if (request.file.includes('/../') || request.file.endsWith('/..')) {
      request.hooks.fail(exchange, 403); // only a careless AliasMatch makes such a path
    } else new Delivery(this, exchange, request, symlinkPolicy(request.settings)).start();
  }

  #confirm(exchange: Exchange, request: StaticRequest, entry: HotFile, now: number): void {
    const waiting = new Delivery(this, exchange, request, 'follow');
    this.hot.confirm(entry, now, (isCurrent) => {
      if (waiting.isOver) return;
      if (!isCurrent) waiting.start();
      else {
        exchange.sink = noSink;
        this.#answerFrom(exchange, request, entry);
      }
    });
  }

  #answerFrom(exchange: Exchange, request: StaticRequest, entry: HotFile): void {
    const { errorStatus } = request;
    if (errorStatus !== undefined || !isConditional(exchange.request.fields)) {
      sendHot(exchange, entry, errorStatus ?? 200);
      return;
    }
    const answer: Answer = decideAnswer(exchange, entry.representation);
    if (answer.kind === 'error') {
      if (answer.contentRange !== undefined)
        exchange.response.fields.setKnown(FIELD['Content-Range'], answer.contentRange);
      request.hooks.fail(exchange, answer.status);
      return;
    }
    fillHead(exchange, answer, this.boundary);
    exchange.sendHead();
    if (exchange.request.method !== 'HEAD') {
      for (const { bytes, start, end } of segmentsOf(answer, entry.body, this.boundary)) {
        exchange.sendBody(bytes ?? entry.body, start, end);
      }
    }
    exchange.sendEnd();
  }

  #serveIndex(exchange: Exchange, request: StaticRequest): void {
    const known = this.#indexes.get(request.file);
    const now = this.clock.now();
    if (known?.settings === request.settings && now - known.foundAt < this.hot.limits.trustMs) {
      request.hooks.redirect(exchange, request.path + known.name);
    } else this.#tryIndex(exchange, request, request.settings.directoryIndex ?? DEFAULT_INDEX, 0, now);
  }

  #tryIndex(exchange: Exchange, request: StaticRequest, names: readonly string[], from: number, now: number): void {
    const name = names[from];
    if (name?.startsWith('/')) {
      request.hooks.redirect(exchange, name);
      return;
    }
    const isLast = name === undefined || name.toLowerCase() === 'disabled';
    const folder = request.file.endsWith('/') ? request.file : `${request.file}/`;
    const waiting = new Delivery(this, exchange, request, 'follow');
    stat(isLast ? folder : folder + name, (error, state) => {
      if (waiting.isOver) return;
      exchange.sink = noSink;
      if (error?.code === 'EACCES') {
        const why = `${folder} cannot be read`;
        request.hooks.fail(exchange, 403, new Failure('static-not-readable', 'internal', why, { cause: error }));
      } else if (isLast) {
        this.#withoutIndex(exchange, request, error === null && state.isDirectory());
      } else if (error === null && state.isFile()) {
        if (this.#indexes.size >= MAX_INDEXES) this.#indexes.clear();
        this.#indexes.set(request.file, { settings: request.settings, name, foundAt: now });
        request.hooks.redirect(exchange, request.path + name);
      } else this.#tryIndex(exchange, request, names, from + 1, now);
    });
  }

  #withoutIndex(exchange: Exchange, request: StaticRequest, isFolder: boolean): void {
    const fallback = request.settings.fallbackResource;
    if (!isFolder) this.missing(exchange, request);
    else if (request.hooks.folder?.(exchange) === true) return;
    else if (fallback === undefined || fallback === 'disabled') request.hooks.fail(exchange, request.folderStatus);
    else request.hooks.redirect(exchange, fallback);
  }

  #answerOtherMethod(exchange: Exchange, request: StaticRequest): void {
    const { method } = exchange.request;
    exchange.response.fields.setKnown(FIELD.Allow, ALLOWED);
    if (method !== 'OPTIONS') {
      request.hooks.fail(exchange, KNOWN_METHODS.has(method) ? 405 : 501);
      return;
    }
    exchange.response.status = 200;
    exchange.response.bodyLength = 0;
    exchange.sendHead();
    exchange.sendEnd();
  }
}

/** What the Options in force say; httpd follows links unless told otherwise. */
export function symlinkPolicy(settings: DirectorySettings): SymlinkPolicy {
  const options = settings.options;
  if (options === undefined) return 'follow';
  const has = (name: 'FollowSymLinks' | 'SymLinksIfOwnerMatch'): boolean =>
    options.add.includes(name) || (!options.isAbsolute && name === 'FollowSymLinks' && !options.remove.includes(name));
  if (has('FollowSymLinks')) return 'follow';
  return has('SymLinksIfOwnerMatch') ? 'owner-match' : 'refuse';
}

/** The fast path: one head copied, one body, one write. */
function sendHot(exchange: Exchange, entry: HotFile, status: number): void {
  const { response } = exchange;
  const { representation, body } = entry;
  response.status = status;
  response.fields.addAll(representation.head);
  response.bodyLength = body.length;
  exchange.sendHead();
  if (exchange.request.method !== 'HEAD') exchange.sendBody(body, 0, body.length);
  exchange.sendEnd();
}
