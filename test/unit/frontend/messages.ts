// What clients and backends of the lab say to each other, octet by octet.

import { endResponse, sendBodyChunk, sendHeaders } from '../../support/ajp-peer.ts';
import { type Client, until } from './lab.ts';

export const HTTP = 'ProxyPass / http://127.0.0.1:@1/';
export const AJP = 'ProxyPass / ajp://127.0.0.1:@1/';
/** Two members of AJP. */
export const TWO =
  '<Proxy balancer://c>\nBalancerMember ajp://127.0.0.1:@1\nBalancerMember ajp://127.0.0.1:@2\n</Proxy>\nProxyPass / balancer://c/';
export const GET = 'GET /x HTTP/1.1\r\nHost: front.test\r\n\r\n';

/** A POST with a body of `length` octets, of which the first come with the head. */
export function post(length: number | 'chunked', first = '', more = ''): string {
  const framing = length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
  return `POST /x HTTP/1.1\r\nHost: front.test\r\n${framing}\r\n${more}\r\n${first}`;
}

/** A whole HTTP answer of 200 with this body and `more` fields. */
export function httpAnswer(body: string, more = ''): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
}

/** A whole AJP answer of 200 with this body. */
export function ajpAnswer(body: string, length = body.length): Buffer {
  const head = sendHeaders(200, 'OK', [['Content-Length', String(length)]]);
  return Buffer.concat([head, sendBodyChunk(Buffer.from(body)), endResponse(1)]);
}

/** The status of the first answer. */
export async function answered(client: Client): Promise<number> {
  await until(() => client.statuses.length > 0 || client.isOver, 'an answer');
  return client.statuses[0];
}
