// Answers that say why there is no other answer: error pages, redirect pages, ErrorDocument. Short, neutral, UTF-8; they
// name neither the product nor what was asked for. Place in the picture: every handler of the frontend ends here.

import { Failure } from '../base/failure.ts';
import { FIELD } from '../base/field-names.ts';
import { type Fields, REMOVED } from '../base/fields.ts';
import type { TextExpression } from '../config/expression/expression.ts';
import type { Exchange } from '../listener/exchange.ts';
import type { ErrorDocument } from '../site/model.ts';
import type { Asker } from '../site/settings.ts';
import { reasonPhrase } from '../wire/http1/reasons.ts';

/** An internal redirect to an ErrorDocument: the request runs again as GET `path`, its answer goes out with `status`. */
export interface ErrorRedirect {
  readonly path: string;
  readonly status: number;
  /** REDIRECT_ variables for the environment of the new run. */
  readonly env: readonly (readonly [name: string, value: string])[];
}

/** Fields that belong to the error itself; all others were meant for the answer that did not come. */
const KEPT: ReadonlySet<number> = new Set([
  FIELD.Allow,
  FIELD['Content-Range'],
  FIELD.Location,
  FIELD['Retry-After'],
  FIELD.Upgrade,
  FIELD['WWW-Authenticate'],
  FIELD['Proxy-Authenticate'],
]);
/** After these the connection's bytes cannot be trusted, or the client is to go away; httpd closes after them too. */
const CLOSING: ReadonlySet<number> = new Set([400, 408, 411, 413, 414, 431, 501]);
const HTML = 'text/html; charset=utf-8';

const EXPLANATIONS: Readonly<Record<number, string>> = {
  400: 'The request could not be understood.',
  401: 'This page needs a name and a password.',
  403: 'You are not allowed to see this page.',
  404: 'There is no such page on this server.',
  405: 'This page does not take requests of this kind.',
  408: 'The request took too long to arrive.',
  410: 'This page is gone.',
  412: 'A condition of the request does not hold.',
  413: 'The request is too large.',
  414: 'The address is too long.',
  416: 'The part asked for does not exist.',
  417: 'What the request expects cannot be met.',
  421: 'The request came to the wrong server.',
  426: 'The request must use another protocol.',
  429: 'Too many requests.',
  431: 'The header fields of the request are too large.',
  500: 'Something went wrong on this server.',
  501: 'This server cannot do what was asked.',
  502: 'The server behind this one gave no valid answer.',
  503: 'The service is not available at the moment. Please try again later.',
  504: 'The server behind this one did not answer in time.',
};

/** Failures that the client can mend, by code. */
const MENDS: Readonly<Record<string, string>> = {
  'plain-http-at-tls': 'This port speaks HTTPS. Use an address that begins with https://.',
};

const pages = new Map<number | string, Buffer>();

/**
 * Answers with the page for `status`, or breaks off when the head is already sent. Fields that were meant for another
 * answer are removed; `Allow`, `Retry-After` and the like stay, `Location` with redirects.
 */
export function answerError(exchange: Exchange, status: number, failure?: Failure): void {
  if (failure !== undefined) exchange.failure ??= failure;
  if (!prepare(exchange, status)) return;
  exchange.response.fields.setKnown(FIELD['Content-Type'], HTML);
  sendWhole(exchange, pageFor(status, failure?.code));
}

/** Answers with a redirect and a page that links to it. `location` is a URL reference, percent-encoded. */
export function answerRedirect(exchange: Exchange, status: number, location: string): void {
  if (!prepare(exchange, status)) return;
  const { fields } = exchange.response;
  fields.setKnown(FIELD.Location, location);
  fields.setKnown(FIELD['Content-Type'], HTML);
  const link = escapeHtml(location);
  sendWhole(exchange, page(status, `<p>Go to <a href="${link}">${link}</a>.</p>`));
}

/**
 * Answers an error as the ErrorDocuments in force want it.
 * @param asker whom variables in a document are asked of
 * @returns the internal redirect to carry out when the document is a local path; undefined when the answer is given
 */
export function answerErrorDocument(
  exchange: Exchange,
  status: number,
  documents: ReadonlyMap<number, ErrorDocument> | undefined,
  path: string,
  asker: Asker,
  failure?: Failure,
): ErrorRedirect | undefined {
  const document = documents?.get(status);
  if (document === undefined || document.kind === 'default' || exchange.stage !== 'open') {
    answerError(exchange, status, failure);
    return undefined;
  }
  if (failure !== undefined) exchange.failure ??= failure;
  exchange.response.status = status; // variables ask for it
  const text = textFor(document.text, asker);
  if (text === undefined) {
    answerError(exchange, status, failure);
    return undefined;
  }
  switch (document.kind) {
    case 'text':
      if (!prepare(exchange, status)) return undefined;
      exchange.response.fields.setKnown(FIELD['Content-Type'], textType(text));
      sendWhole(exchange, Buffer.from(text, 'latin1'));
      return undefined;
    case 'url':
      // A redirect would take the challenge away, so that no browser could ever log in (httpd refuses it too).
      if (status === 401) answerError(exchange, status);
      else answerRedirect(exchange, 302, text);
      return undefined;
    case 'path':
      keepOnly(exchange.response.fields, status);
      return { path: text, status, env: redirectEnvironment(exchange, status, path) };
  }
}

/** What cannot be told gives way to the page that is always there. */
function textFor(expression: TextExpression, asker: Asker): string | undefined {
  try {
    return expression.text(asker.subject);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Text of a status line. */
export function reasonOf(status: number): string {
  return reasonPhrase(status) || 'Error';
}

/** Makes text harmless in HTML content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** httpd gives the second run what the first one knew, under names that begin with REDIRECT_. */
function redirectEnvironment(exchange: Exchange, status: number, path: string): ErrorRedirect['env'] {
  const env: [string, string][] = [
    ['REDIRECT_STATUS', String(status)],
    ['REDIRECT_URL', path],
    ['REDIRECT_REQUEST_METHOD', exchange.request.method],
  ];
  const query = exchange.request.target.indexOf('?');
  if (query >= 0) env.push(['REDIRECT_QUERY_STRING', exchange.request.target.slice(query + 1)]);
  if (exchange.failure !== undefined) env.push(['REDIRECT_ERROR_NOTES', exchange.failure.code]);
  for (const [name, value] of exchange.env ?? []) {
    if (!name.startsWith('REDIRECT_')) env.push([`REDIRECT_${name}`, value]);
  }
  return env;
}

/** @returns false when nothing can be answered any more */
function prepare(exchange: Exchange, status: number): boolean {
  exchange.endSink();
  if (exchange.stage === 'head-sent') exchange.breakOff();
  if (exchange.stage !== 'open') return false;
  const { response } = exchange;
  keepOnly(response.fields, status);
  response.status = status;
  response.reason = '';
  if (CLOSING.has(status)) exchange.keepAlive = false;
  return true;
}

/** Where a backend wanted to send the client belongs to redirects only, as in httpd. */
function keepOnly(fields: Fields, status: number): void {
  if (status >= 400) fields.removeKnown(FIELD.Location);
  for (let i = 0; i < fields.count; i++) {
    const id = fields.idAt(i);
    if (id !== REMOVED && !KEPT.has(id)) fields.removeAt(i);
  }
}

function sendWhole(exchange: Exchange, body: Buffer): void {
  exchange.response.bodyLength = body.length;
  exchange.sendHead();
  if (exchange.request.method !== 'HEAD') exchange.sendBody(body, 0, body.length);
  exchange.sendEnd();
}

function pageFor(status: number, code: string | undefined): Buffer {
  const mend = code === undefined ? undefined : MENDS[code];
  const key = mend === undefined ? status : (code as string);
  let bytes = pages.get(key);
  if (bytes === undefined) {
    const explanation = mend ?? EXPLANATIONS[status];
    bytes = page(status, explanation === undefined ? '' : `<p>${explanation}</p>`);
    pages.set(key, bytes); // at most one per status and mend
  }
  return bytes;
}

function page(status: number, content: string): Buffer {
  const title = `${status} ${reasonOf(status)}`;
  const head = `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>${title}</title>\n`;
  return Buffer.from(`${head}<h1>${title}</h1>\n${content}\n</html>\n`);
}

/** The text of an ErrorDocument is octets of the configuration; most are UTF-8 today. */
function textType(octets: string): string {
  const bytes = Buffer.from(octets, 'latin1');
  return bytes.equals(Buffer.from(bytes.toString('utf8'))) ? HTML : 'text/html; charset=iso-8859-1';
}
