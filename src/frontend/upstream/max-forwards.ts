// Max-Forwards and TRACE before a request is forwarded (RFC 9110 §7.6.2, §9.3.8), with mod_proxy's answers: a count that
// has run out is a loop, unless the client asked how far it would come.

import { Failure } from '../../base/failure.ts';
import { FIELD } from '../../base/field-names.ts';
import { type Fields, REMOVED } from '../../base/fields.ts';
import type { Exchange } from '../../listener/exchange.ts';
import type { Host } from '../../site/model.ts';

/** `here`: this server is the last that was to be asked, with TRACE or OPTIONS. */
export type Forwarding = 'onward' | 'here' | Failure;

/** Counts this hop in the request's Max-Forwards, or begins to count where ProxyMaxForwards says so. */
export function countForward({ request }: Exchange, host: Host): Forwarding {
  const { fields, method } = request;
  if (fields.hasKnown(FIELD['Max-Forwards'])) {
    const left = readCount(fields);
    if (left === undefined) return refused('bad-max-forwards', 400, 'Max-Forwards is not one number');
    if (left === 0 && (method === 'TRACE' || method === 'OPTIONS')) return 'here';
    if (left === 0) return refused('forwarded-too-often', 400, 'Max-Forwards has run out: a loop of proxies?');
    fields.setKnown(FIELD['Max-Forwards'], String(left - 1));
  } else if (host.maxForwards !== undefined) fields.addKnown(FIELD['Max-Forwards'], String(host.maxForwards));
  if (method === 'TRACE' && request.bodyLength !== 0 && host.traceEnable !== 'extended')
    return refused('trace-with-body', 413, 'TRACE has no body (TraceEnable extended allows one)');
  return 'onward';
}

/** Fields that an echo must not give away (RFC 9110 §9.3.8). */
const SECRET: ReadonlySet<number> = new Set([FIELD.Authorization, FIELD['Proxy-Authorization'], FIELD.Cookie]);

/** Answers TRACE: the client sees its request as it came here, without what is secret in it. */
export function answerTrace(exchange: Exchange): void {
  const { request, response } = exchange;
  const lines = [`${request.method} ${request.target} HTTP/1.${request.minorVersion}`];
  for (let i = 0; i < request.fields.count; i++) {
    const id = request.fields.idAt(i);
    if (id !== REMOVED && !SECRET.has(id)) lines.push(`${request.fields.nameAt(i)}: ${request.fields.valueAt(i)}`);
  }
  const body = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  response.status = 200;
  response.bodyLength = body.length;
  response.fields.addKnown(FIELD['Content-Type'], 'message/http');
  exchange.sendHead();
  exchange.sendBody(body, 0, body.length);
  exchange.sendEnd();
}

/** Undefined unless it is one whole number. */
function readCount(fields: Fields): number | undefined {
  const values = fields.getAll('Max-Forwards');
  const count = Number(values[0]);
  return values.length === 1 && /^\d+$/.test(values[0]) && Number.isSafeInteger(count) ? count : undefined;
}

function refused(code: string, status: number, why: string): Failure {
  return new Failure(code, 'downstream', why, { status });
}
