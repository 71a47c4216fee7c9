// What a broken backend does to a request over AJP, stage by stage, and what the client must get. `one` asks a balancer
// with this member alone, `two` one with a sound member beside it, `post` sends 20,000 bytes to the member alone.

import { endResponse, getBodyChunk, packet, sendBodyChunk, sendHeaders } from './ajp-peer.ts';
import { write } from './byte-reader.ts';
import { type Conversation, fetchOnce, headerOf } from './client.ts';
import type { FakeBackends, Interception } from './fake-backends.ts';
import { Front, type FrontKind } from './front.ts';
import { sleep } from './port.ts';

type Place = Parameters<Interception>[0];

export interface Fault {
  name: string;
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

export const FAULTS: readonly Fault[] = [
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
      await firstBodyPacket(at);
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

/**
 * A front with what the faults need: see above. The members' time limit is a second. Each fault has a balancer `two` of
 * its own, because the fault puts member a out for the time of `retry`.
 */
export function startFaultFront(kind: FrontKind, backends: FakeBackends): Promise<Front> {
  const { a, b } = backends.ports.ajp;
  const member = (port: number, more: string) =>
    `  BalancerMember ajp://127.0.0.1:${port} timeout=1 flushpackets=on ${more}\n`;
  const two = FAULTS.map(
    (_, i) => `<Proxy balancer://two-${i}>
${member(a, 'route=a')}${member(b, 'route=b')}</Proxy>
ProxyPass /two-${i} balancer://two-${i}/two stickysession=SID
`,
  );
  return Front.start(kind, {
    conf: `<Proxy balancer://one>\n${member(a, 'retry=0')}</Proxy>\nProxyPass /one balancer://one/one\n${two.join('')}`,
  });
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
    if (way === 'post') await firstBodyPacket(at);
    await fault.act(at);
    return true;
  };
  const answer = await fetchOnce(front.port, {
    method: way === 'post' ? 'POST' : 'GET',
    path: way === 'two' ? `/two-${FAULTS.indexOf(fault)}` : '/one',
    headers: [['Cookie', 'SID=1.a']],
    ...(way === 'post' ? { body: 'x'.repeat(20_000) } : {}),
  });
  backends.intercept = undefined;
  return answer;
}

/** Takes the piece of a body that comes unasked, so that what follows on the connection is a packet again. */
export async function firstBodyPacket({ reader }: Place): Promise<void> {
  const size = (await reader.exactly(4)).readUInt16BE(2);
  await reader.exactly(size);
}

/** The next request to the broken member, when it is sound again, gets its own answer. @returns what is wrong */
export async function wrongAfterwards(front: Front): Promise<string | undefined> {
  const mark = `after-${Math.random()}`;
  const answer = await fetchOnce(front.port, { path: `/one/${mark}` });
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
