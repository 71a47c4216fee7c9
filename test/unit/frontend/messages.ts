// What clients and backends of the lab say to each other, octet by octet.

import { endResponse, sendBodyChunk, sendHeaders } from '../../support/ajp-peer.ts';
import { type Client, type Line, until } from './lab.ts';

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

/** The head of a POST in chunks, and the first of them. */
export function chunked(...chunks: string[]): string {
  const body = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
  return `POST /x HTTP/1.1\r\nHost: front.test\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
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

/** The body of the first answer, when all of it has come. */
export async function heardWhole(client: Client): Promise<string> {
  await until(() => client.heard().isWhole, 'the answer');
  return client.heard().body;
}

/** Takes what a line has heard, once it ends like this. */
export async function said(line: Line, end: RegExp): Promise<string> {
  await until(() => end.test(line.text), String(end));
  const { text } = line;
  line.text = '';
  return text;
}
