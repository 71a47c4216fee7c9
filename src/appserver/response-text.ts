// The head of a response as Node has composed it, from HTTP/1 text into a ResponseHead. The text is Node's own: names
// are tokens, values hold no line ends, and it was checked before it came here.

import { FIELD, fieldId } from '../base/field-names.ts';
import { type ResponseHead, UNKNOWN_LENGTH } from '../base/head.ts';

/** `HTTP/1.1 200 ` */
const REASON_AT = 13;
/** More digits than any length has. */
const LENGTH_DIGITS = /^[0-9]{1,15}$/;

/** Fills a fresh response head. Fields that Node adds for its own framing are left out. */
export function fillResponseHead(text: string, status: number, head: ResponseHead): void {
  const { fields } = head;
  let at = text.indexOf('\r\n');
  head.status = status;
  head.reason = text.slice(REASON_AT, at);
  head.bodyLength = UNKNOWN_LENGTH;
  at += 2;
  for (let end = text.indexOf('\r\n', at); end > at; end = text.indexOf('\r\n', at)) {
    const colon = text.indexOf(':', at);
    const name = text.slice(at, colon);
    const value = text.slice(colon + 2, end);
    at = end + 2;
    if (name === 'Connection' || name === 'Keep-Alive' || name === 'Transfer-Encoding') continue;
    if (fieldId(name) === FIELD['Content-Length']) {
      if (!LENGTH_DIGITS.test(value) || fields.hasKnown(FIELD['Content-Length'])) continue;
      head.bodyLength = Number(value);
    }
    fields.add(name, value);
  }
}
