// What a broken backend does to a request, stage by stage, and what the client must get. `one` asks a balancer with this
// member alone, `two` one with a sound member beside it, `post` sends 20,000 bytes to the member alone.

import { endResponse, getBodyChunk, packet, sendBodyChunk, sendHeaders } from './ajp-peer.ts';
import { write } from './byte-reader.ts';
import { type Conversation, fetchOnce, headerOf } from './client.ts';
import type { FakeBackends, Interception } from './fake-backends.ts';
import { Front, type FrontKind } from './front.ts';
import { sleep } from './port.ts';

type Place = Parameters<Interception>[0];

export interface Fault {
  name: string;
  protocol: 'ajp' | 'http';
  /** Done by member a after the head of a request, in place of an answer. */
  act(at: Place): Promise<void> | void;
  /** What comes to the client: status, with `+` when the body is complete and `-` when it is cut. */
  one: string;
  two: string;
  post: string;
  /** What the real httpd does instead, when that is not to be imitated. */
  httpd?: string;
}

const HALF = 'the first half of what was promised;';
const HEADERS: [string, string][] = [
  ['X-Member', 'a'],
  ['Content-Type', 'text/plain'],
  ['Content-Length', String(2 * HALF.length)],
];
const head = sendHeaders(200, 'OK', HEADERS);
const half = sendBodyChunk(Buffer.from(HALF));
const whole = Buffer.concat([head, half, half, endResponse(1)]);
/** What a `post` sends. */
export const BODY_BYTES = 20_000;
/** Longer than the time limit of the members. */
const HANG_MS = 3000;

/** Sends pieces, then ends the connection. */
const thenClose =
  (...pieces: Buffer[]) =>
  async ({ socket }: Place) => {
    if (pieces.length > 0) await write(socket, Buffer.concat(pieces));
    socket.destroySoon();
  };
const thenReset =
  (...pieces: Buffer[]) =>
  async ({ socket }: Place) => {
    if (pieces.length > 0) await write(socket, Buffer.concat(pieces));
    await sleep(50); // or the reset would overtake what was sent
    socket.resetAndDestroy();
  };
const thenHang =
  (...pieces: Buffer[]) =>
  async ({ socket }: Place) => {
    if (pieces.length > 0) await write(socket, Buffer.concat(pieces));
    await sleep(HANG_MS);
    socket.destroy();
  };

/** Nothing reached the client: the member is out, the request goes to another if it may be repeated. */
const beforeTheHead = { one: '503+', two: '200+', post: '500+' };
/** Something reached the client. */
const inTheBody = { one: '200-', two: '200-', post: '200-' };
const sound = { one: '200+', two: '200+', post: '200+' };

const AJP_FAULTS: readonly Omit<Fault, 'protocol'>[] = [
  { name: 'closes', act: thenClose(), ...beforeTheHead },
  { name: 'resets', act: thenReset(), ...beforeTheHead },
  { name: 'hangs', act: thenHang(), ...beforeTheHead },
  { name: 'speaks HTTP', act: thenClose(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')), ...beforeTheHead },
  { name: 'sends the magic of the other direction', act: thenClose(Buffer.from('12340001', 'hex')), ...beforeTheHead },
  { name: 'sends half a head and closes', act: thenClose(head.subarray(0, 20)), ...beforeTheHead },
  { name: 'sends half a head and hangs', act: thenHang(head.subarray(0, 20)), ...beforeTheHead },
  { name: 'sends two bytes and closes', act: thenClose(head.subarray(0, 2)), ...beforeTheHead },
  { name: 'sends an empty packet', act: thenClose(packet([])), ...beforeTheHead },
  { name: 'sends a packet of an unknown kind', act: thenClose(packet([99])), ...beforeTheHead },
  { name: 'sends a packet larger than agreed', act: thenClose(Buffer.from('4142ffff04', 'hex')), ...beforeTheHead },
  { name: 'sends body before head', act: thenClose(half), ...beforeTheHead },
  {
    name: 'sends an end before a head',
    act: thenClose(endResponse(1)),
    ...beforeTheHead,
    httpd: 'makes it an empty page with status 200',
  },
  {
    name: 'sends a head whose text leaves its packet',
    act: thenClose(packet([4, 0, 200, 0xff, 0xf0, 79, 75, 0, 0, 0])),
    ...beforeTheHead,
  },
  {
    name: 'sends a head with more headers than it holds',
    act: thenClose(packet([4, 0, 200, 0, 2, 79, 75, 0, 0, 9, 0xa0, 1, 0, 1, 65, 0])),
    ...beforeTheHead,
  },
  { name: 'sends a head twice', act: thenClose(head, head), ...beforeTheHead },
  { name: 'sends a head and closes', act: thenClose(head), ...beforeTheHead },
  { name: 'sends a head and hangs', act: thenHang(head), ...beforeTheHead },
  { name: 'sends half a body and closes', act: thenClose(head, half), ...inTheBody },
  { name: 'sends half a body and resets', act: thenReset(head, half), ...inTheBody },
  { name: 'sends half a body and hangs', act: thenHang(head, half), ...inTheBody },
  { name: 'sends half a body and garbage', act: thenClose(head, half, Buffer.from('garbage!')), ...inTheBody },
  {
    name: 'sends half a body and a chunk that leaves its packet',
    act: thenClose(head, half, packet([3, 0x10, 0, 65, 0])),
    ...inTheBody,
  },
  {
    name: 'answers byte by byte',
    async act({ socket }) {
      for (const byte of whole) {
        await write(socket, Buffer.from([byte]));
        await sleep(1);
      }
    },
    ...sound,
  },
  {
    name: 'ends without leave to use the connection again',
    act: thenClose(head, half, half, endResponse(0)),
    ...sound,
  },
  { name: 'closes after the answer', act: thenClose(whole), ...sound },
  {
    name: 'sends a second answer nobody asked for',
    async act({ socket }) {
      const other = sendHeaders(200, 'OK', [['X-Member', 'nobody']]);
      await write(socket, Buffer.concat([whole, other, endResponse(1)]));
    },
    ...sound,
    httpd: 'gives the second answer to the next request',
  },
  {
    name: 'asks for a body that is not there, or more of it',
    async act(at) {
      const { socket } = at;
      await write(socket, getBodyChunk(8186));
      await takeBody(at);
      await write(socket, whole);
    },
    ...sound,
  },
  {
    name: 'flushes before anything else',
    act: ({ socket }) =>
      write(socket, Buffer.concat([head, sendBodyChunk(Buffer.alloc(0)), whole.subarray(head.length)])),
    ...sound,
  },
];

/** Nothing reached the client: the answer is a bad gateway, no other member is asked. */
const noAnswer = { one: '502+', two: '502+', post: '502+' };
const httpHead = Buffer.from(`HTTP/1.1 200 OK\r\nX-Member: a\r\nContent-Length: ${2 * HALF.length}\r\n\r\n`);
const httpHalf = Buffer.from(HALF);
const chunkedHead = Buffer.from('HTTP/1.1 200 OK\r\nX-Member: a\r\nTransfer-Encoding: chunked\r\n\r\n');
const chunk = Buffer.from(`${HALF.length.toString(16)}\r\n${HALF}\r\n`);
const lastChunk = Buffer.from('0\r\n\r\n');
const httpWhole = Buffer.concat([httpHead, httpHalf, httpHalf]);
const says = (text: string) => thenClose(Buffer.from(text, 'latin1'));

const HTTP_FAULTS: readonly Omit<Fault, 'protocol'>[] = [
  { name: 'closes', act: thenClose(), ...noAnswer },
  { name: 'resets', act: thenReset(), ...noAnswer },
  { name: 'hangs', act: thenHang(), ...noAnswer },
  { name: 'speaks AJP', act: thenClose(head), ...noAnswer },
  { name: 'sends half a status line and closes', act: says('HTTP/1.1 20'), ...noAnswer },
  { name: 'sends half a head and closes', act: thenClose(httpHead.subarray(0, 40)), ...noAnswer },
  { name: 'sends half a head and hangs', act: thenHang(httpHead.subarray(0, 40)), ...noAnswer },
  {
    name: 'sends a status that is no number',
    act: says('HTTP/1.1 abc OK\r\n\r\n'),
    ...noAnswer,
    httpd: 'passes it on as an answer of HTTP/0.9',
  },
  { name: 'sends a header without a colon', act: says('HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'), ...noAnswer },
  {
    name: 'sends two lengths',
    act: says('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
    ...noAnswer,
    httpd: 'passes it on',
  },
  { name: 'sends a length that is none', act: says('HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\na'), ...noAnswer },
  { name: 'sends a head and closes', act: thenClose(httpHead), ...inTheBody },
  { name: 'sends a head and hangs', act: thenHang(httpHead), ...inTheBody },
  { name: 'sends half a body and closes', act: thenClose(httpHead, httpHalf), ...inTheBody },
  { name: 'sends half a body and resets', act: thenReset(httpHead, httpHalf), ...inTheBody },
  { name: 'sends half a body and hangs', act: thenHang(httpHead, httpHalf), ...inTheBody },
  { name: 'sends half of a chunk and closes', act: thenClose(chunkedHead, chunk.subarray(0, 10)), ...inTheBody },
  { name: 'sends no last chunk and closes', act: thenClose(chunkedHead, chunk), ...inTheBody },
  { name: 'sends a chunk and garbage', act: thenClose(chunkedHead, chunk, Buffer.from('zz\r\n')), ...inTheBody },
  {
    name: 'answers byte by byte',
    async act({ socket }) {
      for (const byte of httpWhole) {
        await write(socket, Buffer.from([byte]));
        await sleep(1);
      }
    },
    ...sound,
  },
  { name: 'sends chunks and closes', act: thenClose(chunkedHead, chunk, lastChunk), ...sound },
  { name: 'tells the end by closing', act: says(`HTTP/1.1 200 OK\r\n\r\n${HALF}`), ...sound },
  { name: 'speaks HTTP/1.0', act: says(`HTTP/1.0 200 OK\r\n\r\n${HALF}`), ...sound },
  {
    name: 'sends a second answer nobody asked for',
    act: ({ socket }) =>
      write(socket, Buffer.concat([httpWhole, Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')])),
    ...sound,
  },
];

export const FAULTS: readonly Fault[] = [
  ...AJP_FAULTS.map((fault): Fault => ({ ...fault, protocol: 'ajp' })),
  ...HTTP_FAULTS.map((fault): Fault => ({ ...fault, protocol: 'http' })),
];

/**
 * A front with what the faults need: see above. The members' time limit is a second. Each fault has a balancer `two` of
 * its own, because the fault puts member a out for the time of `retry`.
 */
export function startFaultFront(kind: FrontKind, backends: FakeBackends): Promise<Front> {
  const member = (protocol: Fault['protocol'], member: 'a' | 'b', more: string) =>
    `  BalancerMember ${protocol}://127.0.0.1:${backends.ports[protocol][member]} timeout=1 flushpackets=on ${more}\n`;
  const one = (['ajp', 'http'] as const).map(
    (protocol) => `<Proxy balancer://${protocol}>
${member(protocol, 'a', 'retry=0')}</Proxy>
ProxyPass /${protocol} balancer://${protocol}/one
`,
  );
  const two = FAULTS.map(
    ({ protocol }, i) => `<Proxy balancer://two-${i}>
${member(protocol, 'a', 'route=a')}${member(protocol, 'b', 'route=b')}</Proxy>
ProxyPass /two-${i} balancer://two-${i}/two stickysession=SID
`,
  );
  return Front.start(kind, { conf: [...one, ...two].join('') });
}

/** Asks while member a is broken in this way. */
export async function askThrough(
  front: Front,
  backends: FakeBackends,
  fault: Fault,
  way: 'one' | 'two' | 'post',
): Promise<Conversation> {
  backends.intercept = async (at) => {
    if (at.member !== 'a') return false;
    if (way === 'post') await takeBody(at);
    await fault.act(at);
    return true;
  };
  const answer = await fetchOnce(front.port, {
    method: way === 'post' ? 'POST' : 'GET',
    path: way === 'two' ? `/two-${FAULTS.indexOf(fault)}` : `/${fault.protocol}`,
    headers: [['Cookie', 'SID=1.a']],
    ...(way === 'post' ? { body: 'x'.repeat(BODY_BYTES) } : {}),
  });
  backends.intercept = undefined;
  return answer;
}

/** Takes what comes of a body unasked, so that the connection is at its next message when the fault strikes. */
export async function takeBody({ protocol, reader }: Place): Promise<void> {
  if (protocol === 'http') await reader.exactly(BODY_BYTES);
  else await reader.exactly((await reader.exactly(4)).readUInt16BE(2));
}

/** The next request to the broken member, when it is sound again, gets its own answer. @returns what is wrong */
export async function wrongAfterwards(front: Front, { protocol }: Fault): Promise<string | undefined> {
  const mark = `after-${Math.random()}`;
  const answer = await fetchOnce(front.port, { path: `/${protocol}/${mark}` });
  const body = answer.body.toString();
  return answer.status === 200 && body.includes(mark) ? undefined : `${inShort(answer)} ${body.slice(0, 80)}`;
}

/** An answer in the words of the table. */
export function inShort(answer: Conversation): string {
  if (answer.status === undefined) return answer.timedOut ? 'no answer' : 'nothing';
  // A body told by the end of the connection is complete unless that was a reset or less than was promised came.
  const promised = headerOf(answer, 'content-length') ?? headerOf(answer, 'transfer-encoding');
  const isComplete = answer.isComplete ?? (promised === undefined && !answer.wasReset);
  return `${answer.status}${isComplete ? '+' : '-'}`;
}
