// Node's private surface below a socket, all of it: moving the handle of an accepted socket to one that reads into the
// shared buffer (`net.Server` offers no `onread`), and how much of a write the kernel has taken. What is gone in another
// Node is found out at first use, and there is a public way in its place.

import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

interface SocketHandle {
  readonly readStart?: unknown;
  /** Octets that libuv holds because the kernel has not taken them; falls while a large write is under way. */
  readonly writeQueueSize?: unknown;
}

function handleOf(socket: Socket): SocketHandle | null | undefined {
  return (socket as unknown as { _handle?: SocketHandle | null })._handle;
}

/** What a socket that reads into a given buffer is made with. */
export interface OnRead {
  readonly buffer: Buffer;
  /** @returns false to stop reading */
  readonly callback: (length: number) => boolean;
}

/** Moves the handle of a paused socket to a new one that reads as `onread` says. Undefined when Node has changed. */
export function moveHandle(accepted: Socket, onread: OnRead): Socket | undefined {
  const handle = handleOf(accepted);
  if (handle === null || handle === undefined || typeof handle.readStart !== 'function') return undefined;
  (accepted as unknown as { _handle: unknown })._handle = null;
  const options = { handle, allowHalfOpen: true, onread };
  const socket = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
  accepted.destroy();
  return socket;
}

/**
 * A number that changes whenever the kernel takes octets that wait in the process. Without the private size it changes
 * only when a whole write is done.
 */
export function unsentMark(socket: Socket): number {
  const size = handleOf(socket)?.writeQueueSize;
  return socket.writableLength + (typeof size === 'number' ? size : 0);
}

/** The handle of a TLS socket, and the one of the connection below it. */
interface TlsHandle {
  readonly reading?: unknown;
  readonly _parent?: { readonly readStart?: () => number; readonly readStop?: () => number };
}

/**
 * Calls `truncated` before the end of a dialled TLS socket is told, when it is that of the connection below and TLS was
 * not ended before it: somebody may have cut it (RFC 8446 §6.1). Where Node has changed, every end is a proper one.
 */
export function watchForTruncation(socket: TLSSocket, truncated: () => void): void {
  const { push } = socket;
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null && isTruncated(socket)) truncated();
    return push.call(socket, chunk, encoding);
  };
}

/** After an end of TLS the connection below goes on being read, after its own it does not: starting it again tells. */
function isTruncated(socket: TLSSocket): boolean {
  const handle = handleOf(socket) as TlsHandle | null | undefined;
  const below = handle?._parent;
  if (handle?.reading !== true || typeof below?.readStart !== 'function' || below.readStart() !== 0) return false;
  below.readStop?.();
  return true;
}
