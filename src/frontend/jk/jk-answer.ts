// What is done to the head of an answer from a worker of mod_jk before it goes out (modjk.md §5.4; recordings J-STK-09,
// J-STK-26, J-FO-14, J-FO-45, J-HOP-01). Location and Set-Cookie of Tomcat go on as they are.

import type { LbConfig, RequestRules } from '../../balancer/lb-config.ts';
import { FIELD } from '../../base/field-names.ts';
import type { ResponseHead } from '../../base/head.ts';
import { reasonPhrase } from '../../wire/http1/reasons.ts';

/** Whether our error page takes the answer's place (use_server_errors). */
export function isReplacedByErrorPage({ status }: ResponseHead, rules: RequestRules | undefined): boolean {
  const from = rules?.useServerErrorsFrom ?? 0;
  return from > 0 && status >= from;
}

/** Date and Server are ours, as with every answer that httpd's core sends. */
export function finishJkHead(response: ResponseHead): void {
  response.fields.removeKnown(FIELD.Date);
  response.fields.removeKnown(FIELD.Server);
  // Tomcat sends the number where the reason belongs (ajp13.md §4).
  if (response.reason === String(response.status)) response.reason = '';
  if (response.reason === '' && reasonPhrase(response.status) === '') response.reason = 'Unknown Reason';
}

/**
 * The cookie that names the member to a client without a session there (set_session_cookie): its name and path are the
 * worker's, whatever the rule says.
 */
export function nameMember(response: ResponseHead, { cookie }: LbConfig, route: string, isSecure: boolean): void {
  const path = cookie.path === '' ? '' : `;PATH=${cookie.path}`;
  const value = `${cookie.name}=.${route}${path};HttpOnly${isSecure ? ';Secure' : ''}`;
  response.fields.addKnown(FIELD['Set-Cookie'], value);
}
