// The control socket: a unix socket that only its owner may use. A socket that a dead process left is replaced, one that
// answers is not.

import { existsSync, lstatSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { CONTROL_CLIENTS_MAX, CONTROL_IDLE_MS } from '../control/limits.ts';
import type { ControlRegistry } from '../control/registry.ts';
import { ControlSession } from '../control/session.ts';

/** Longest path of a unix socket that every system takes (sun_path on BSD has 104 octets with its zero). */
const PATH_MAX = 103;
/** Nobody but the owner may connect. */
const UMASK = 0o177;

export class ControlSocket {
  readonly path: string;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
  }

  /**
   * @param facts what clients are greeted with
   * @throws Failure `control-path-taken`, `control-path-unfit`, `control-folder-missing`; Node's error when the path cannot be had
   */
  static async open(
    path: string,
    registry: ControlRegistry,
    facts: Readonly<Record<string, unknown>>,
    log: Log,
  ): Promise<ControlSocket> {
    if (Buffer.byteLength(path) > PATH_MAX)
      throw new Failure('control-path-unfit', 'internal', `${path} is longer than the ${PATH_MAX} octets of a socket`);
    await makeRoom(path);
    const server = createServer();
    const socket = new ControlSocket(path, server);
    server.on('connection', (client) => socket.#serve(client, registry, facts));
    await socket.#listen();
    server.on('error', (error) => log.warn('control-socket-failed', { error: error.message }));
    return socket;
  }

  /** Closes it and takes the file away, if that is still allowed; otherwise a keeper does, or whoever opens it next. */
  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      // Node binds within the call, so that the file never is anybody else's to use.
      const before = process.umask(UMASK);
      try {
        this.#server.listen(this.path, () => {
          this.#server.off('error', reject);
          resolve();
        });
      } finally {
        process.umask(before);
      }
    });
  }

  #serve(client: Socket, registry: ControlRegistry, facts: Readonly<Record<string, unknown>>): void {
    if (this.#clients.size >= CONTROL_CLIENTS_MAX) {
      client.destroy();
      return;
    }
    this.#clients.add(client);
    client.on('error', () => {}); // its close tells the rest
    const peer = {
      send: (line: string) => void client.write(line),
      close: () => void client.end(),
    };
    const session = new ControlSession(registry, peer, facts);
    client.setTimeout(CONTROL_IDLE_MS, () => {
      if (session.pendingCount === 0) client.destroy();
    });
    client.on('data', (bytes: Buffer) => {
      session.received(bytes);
      if (client.writableLength > 0) client.pause();
    });
    client.on('drain', () => client.resume());
    client.on('close', () => {
      session.ended();
      this.#clients.delete(client);
    });
  }
}

/** Removes what a dead process left. @throws Failure `control-path-taken`, `control-folder-missing` */
async function makeRoom(path: string): Promise<void> {
  if (!existsSync(dirname(path)))
    throw new Failure('control-folder-missing', 'internal', `the folder of ${path} does not exist`);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket())
    throw new Failure('control-path-taken', 'internal', `${path} is no socket; choose another path with --control`);
  if (await answers(path))
    throw new Failure(
      'control-path-taken',
      'internal',
      `another process answers at ${path}; stop it, or use --control`,
    );
  rmSync(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // Refused: the file is all that is left. Anything else (no right to ask, too busy) may be a living one.
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
}
