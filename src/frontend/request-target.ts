// What a request asks of whom: host name, raw path and query out of the request target and the Host field. An absolute
// target overrides the Host field (RFC 9112 §3.2.2).

import { FIELD } from '../base/field-names.ts';
import type { RequestHead } from '../base/head.ts';
import type { Exchange } from '../listener/exchange.ts';
import { ABSOLUTE_FORM, ASTERISK_FORM, AUTHORITY_FORM, TargetParts } from '../wire/http1/target.ts';

/** One object serves all requests: it is filled and read within one call. */
export class RequestTarget {
  /** Host name without port and last dot, lower case; undefined when the request names none. */
  hostName: string | undefined = undefined;
  /** Path as sent; `*` for `OPTIONS *`. */
  path = '';
  query: string | undefined = undefined;
  readonly #parts = new TargetParts();

  /** @returns false when the target has no form that is served here: 400 */
  read(head: RequestHead): boolean {
    const { target } = head;
    if (target.charCodeAt(0) === 0x2f) {
      const question = target.indexOf('?');
      this.path = question < 0 ? target : target.slice(0, question);
      this.query = question < 0 ? undefined : target.slice(question + 1);
      this.hostName = hostNameOf(head.fields.getKnown(FIELD.Host));
      return true;
    }
    const parts = this.#parts;
    if (!parts.readText(target, head.method) || parts.form === AUTHORITY_FORM) return false;
    this.path = parts.pathEnd === parts.pathStart ? '/' : target.slice(parts.pathStart, parts.pathEnd);
    this.query = parts.queryStart < 0 ? undefined : target.slice(parts.queryStart);
    if (parts.form === ABSOLUTE_FORM) {
      const { authority } = parts;
      this.hostName = withoutDot(target.slice(authority.hostStart, authority.hostEnd).toLowerCase());
      const port = authority.port === 0 ? '' : `:${authority.port}`;
      head.fields.setKnown(FIELD.Host, target.slice(authority.hostStart, authority.hostEnd) + port);
    } else this.hostName = hostNameOf(head.fields.getKnown(FIELD.Host));
    return parts.form === ABSOLUTE_FORM || parts.form === ASTERISK_FORM;
  }
}

let lastField = '';
let lastName: string | undefined;

/** Requests of one site name the same host over and over: the last answer is kept. */
function hostNameOf(field: string | undefined): string | undefined {
  if (field === undefined || field === '') return undefined;
  if (field === lastField) return lastName;
  const end = field.startsWith('[') ? field.indexOf(']') + 1 : field.indexOf(':');
  lastField = field;
  lastName = withoutDot((end <= 0 ? field : field.slice(0, end)).toLowerCase());
  return lastName;
}

/** The dot at the end of a complete name says nothing about the server. */
function withoutDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/** Answers OPTIONS where it asks about this server itself (RFC 9110 §9.3.7). */
export function answerOptions(exchange: Exchange): void {
  const { response } = exchange;
  response.status = 200;
  response.bodyLength = 0;
  response.fields.add('Allow', 'GET,POST,OPTIONS,HEAD');
  exchange.sendHead();
  exchange.sendEnd();
}
