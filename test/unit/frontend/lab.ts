// A whole frontend over real loopback sockets on a virtual clock, backends that do what a test tells them octet by octet,
// and clients likewise. When a lab closes, nothing may be left of any request: no busy member, no place taken in a pool.

import assert from 'node:assert/strict';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Member } from '../../../src/balancer/member.ts';
import { VirtualClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { MemoryFiles } from '../../../src/config/files.ts';
import { formatFinding } from '../../../src/config/finding.ts';
import { Frontend } from '../../../src/frontend/frontend.ts';
import { createListeners } from '../../../src/frontend/listening.ts';
import { RunningSite } from '../../../src/frontend/running-site.ts';
import type { Backend } from '../../../src/frontend/upstream/backend.ts';
import { Link } from '../../../src/link/link.ts';
import type { Resolver } from '../../../src/link/names.ts';
import type { Http1Listener } from '../../../src/listener/http1-listener.ts';
import { LogSinks } from '../../../src/listener/log-sinks.ts';
import { loadSite } from '../../../src/site/load.ts';
import type { Snapshot } from '../../../src/site/model.ts';
import { AnswerParser } from '../../support/client.ts';

/** One connection that a backend has accepted. */
export class Line {
  readonly socket: Socket;
  /** Everything that came, as latin1. */
  text = '';
  hasEnded = false;
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1');
    });
    socket.on('end', () => {
      this.hasEnded = true;
    });
    socket.on('close', () => {
      this.isClosed = true;
    });
    socket.on('error', () => {});
  }

  /** Octets as latin1 text, or as they are. */
  send(octets: string | Buffer): void {
    if (typeof octets === 'string') this.socket.write(octets, 'latin1');
    else this.socket.write(octets);
  }

  /** Payloads of the AJP packets that came whole. */
  get packets(): Buffer[] {
    const bytes = Buffer.from(this.text, 'latin1');
    const list: Buffer[] = [];
    for (let at = 0; at + 4 <= bytes.length; ) {
      assert.equal(bytes.readUInt16BE(at), 0x1234, `no packet at ${at}`);
      const end = at + 4 + bytes.readUInt16BE(at + 2);
      if (end > bytes.length) break;
      list.push(bytes.subarray(at + 4, end));
      at = end;
    }
    return list;
  }

  /** Octets of body in the DATA packets after packet `from`, as text. */
  bodyAfter(from: number): string {
    return this.packets
      .slice(from + 1)
      .map((payload) => payload.toString('latin1', 2))
      .join('');
  }
}

/** A listening backend; what its connections say is up to the test. */
export class FakeBackend {
  readonly lines: Line[] = [];
  /** Called for every new connection. */
  onLine: (line: Line) => void = () => {};
  readonly #server: Server;
  #port = 0;

  constructor() {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const line = new Line(socket);
      this.lines.push(line);
      this.onLine(line);
    });
  }

  get port(): number {
    return this.#port;
  }

  listen(host = '127.0.0.1', port = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#port = (this.#server.address() as { port: number }).port;
        resolve();
      });
    });
  }

  /** Stops listening; open connections stay. */
  refuse(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close();
      setImmediate(resolve);
    });
  }

  close(): void {
    for (const line of this.lines) line.socket.destroy();
    this.#server.close();
  }
}

export interface Heard {
  status: number | undefined;
  headers: [string, string][];
  body: string;
  interim: number[];
  isWhole: boolean;
}

/** A client; requests and answers are text. */
export class Client {
  readonly socket: Socket;
  text = '';
  byteCount = 0;
  hasEnded = false;
  isClosed = false;
  error: NodeJS.ErrnoException | undefined = undefined;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.socket.on('data', (bytes: Buffer) => {
      this.byteCount += bytes.length;
      if (this.text.length < 4_000_000) this.text += bytes.toString('latin1');
    });
    this.socket.on('end', () => {
      this.hasEnded = true;
    });
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    this.socket.on('error', (error) => {
      this.error = error;
    });
  }

  send(octets: string | Buffer): void {
    if (typeof octets === 'string') this.socket.write(octets, 'latin1');
    else this.socket.write(octets);
  }

  get isOver(): boolean {
    return this.hasEnded || this.isClosed;
  }

  /** Statuses of the final and interim answers, in order. */
  get statuses(): number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
  }

  /** The first answer, as far as it has come. */
  heard(method = 'GET'): Heard {
    const parser = new AnswerParser(method);
    parser.feed(Buffer.from(this.text, 'latin1'));
    const { isDone } = parser;
    const answer = parser.finish();
    return {
      status: answer.status,
      headers: answer.headers,
      body: answer.body.toString('latin1'),
      interim: answer.interim.map(({ status }) => status),
      isWhole: isDone,
    };
  }
}

const BASE = 'Listen 127.0.0.1:1\nServerName front.test\n';

export class Lab implements AsyncDisposable {
  readonly clock: VirtualClock = new VirtualClock();
  readonly log: MemoryLog = new MemoryLog();
  readonly link: Link;
  readonly sinks: LogSinks = new LogSinks({ clock: this.clock, log: this.log });
  readonly backends: readonly FakeBackend[];
  readonly clients: Client[] = [];
  site!: RunningSite;
  frontend!: Frontend;
  listener!: Http1Listener;
  /** Why exchanges did not end well, in the order in which they ended. */
  readonly failures: (string | undefined)[] = [];

  readonly #files: Readonly<Record<string, string>>;

  private constructor(backends: readonly FakeBackend[], files: Readonly<Record<string, string>>, resolver?: Resolver) {
    this.backends = backends;
    this.#files = files;
    this.link = new Link(this.clock, this.log, resolver);
  }

  /**
   * @param conf configuration behind Listen and ServerName; `@1`, `@2` … are the ports of `count` backends
   * @param files what a configuration finds beside itself, by absolute path
   */
  static async open(
    conf: string,
    count = 1,
    resolver?: Resolver,
    files: Readonly<Record<string, string>> = {},
  ): Promise<Lab> {
    const backends = Array.from({ length: count }, () => new FakeBackend());
    await Promise.all(backends.map((backend) => backend.listen()));
    const lab = new Lab(backends, files, resolver);
    const snapshot = lab.load(conf);
    lab.site = lab.siteOf(snapshot);
    lab.frontend = new Frontend(lab.site, lab.link, lab.log);
    const { frontend } = lab;
    const finished = frontend.finished.bind(frontend);
    frontend.finished = (exchange) => {
      lab.failures.push(exchange.failure?.code);
      finished(exchange);
    };
    [lab.listener] = createListeners(snapshot, frontend, lab.link, lab.log);
    await lab.listener.listen();
    return lab;
  }

  load(conf: string): Snapshot {
    const text = conf.replace(/@(\d)/g, (_, index) => String(this.backends[Number(index) - 1].port));
    const { snapshot, findings } = loadSite({
      file: '/srv/httpd.conf',
      files: new MemoryFiles({
        '/srv/httpd.conf': `${BASE}${text}\n`,
        '/srv/htdocs/x': '',
        '/srv/logs/x': '',
        ...this.#files,
      }),
      environment: {},
    });
    assert.ok(snapshot, findings.map(formatFinding).join('\n'));
    // Any free port will do.
    return { ...snapshot, listens: snapshot.listens.map((listen) => ({ ...listen, port: 0 })) };
  }

  siteOf(snapshot: Snapshot, previous?: RunningSite): RunningSite {
    const services = {
      link: this.link,
      log: this.log,
      sinks: this.sinks,
      resolve: (host: string, port: number) => ({ kind: 'tcp' as const, host, port }),
    };
    return new RunningSite(snapshot, services, previous);
  }

  client(): Client {
    const client = new Client(this.listener.address.port);
    this.clients.push(client);
    return client;
  }

  /** A client that has sent this. */
  ask(octets: string): Client {
    const client = this.client();
    client.send(octets);
    return client;
  }

  /** Line `index` of backend `backend`, when it has come and has heard something. */
  async line(index = 0, backend = 0): Promise<Line> {
    const { lines } = this.backends[backend];
    await until(() => lines.length > index && lines[index].text !== '', `line ${index} of backend ${backend}`);
    return lines[index];
  }

  get members(): { member: Member; backend: Backend }[] {
    return [...this.site.balancers].flatMap((each) =>
      each.balancer.members.map((member) => ({ member, backend: each.backendOf(member) })),
    );
  }

  get faults(): string[] {
    return this.log.events.filter(({ event }) => event === 'internal-fault').map(({ fields }) => String(fields.error));
  }

  /** Waits until nothing is in progress, and sees to it that all accounts are even. */
  async rest(): Promise<void> {
    await until(() => this.members.every(({ member }) => member.state.busy === 0), 'no member is busy');
    await until(
      () => this.members.every(({ backend: { pool } }) => pool.open === pool.idleCount && pool.waiting === 0),
      `no place is taken: ${this.members.map(({ backend: { pool } }) => `${pool.open} open, ${pool.idleCount} idle, ${pool.waiting} waiting`)}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client.socket.destroy();
    this.listener.cut();
    await this.listener.stop();
    await turns(3);
    // Dials under way end one way or the other.
    this.clock.advance(1);
    await this.rest();
    this.site.retire();
    await until(() => this.members.every(({ backend: { pool } }) => pool.open === 0), 'all connections are closed');
    for (const backend of this.backends) backend.close();
    await this.sinks.close();
  }
}

/** Lets sockets work until the fact holds; fails when it does not come to hold. */
export async function until(fact: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 5_000;
  while (!fact()) {
    if (performance.now() > end) assert.fail(`never came true: ${what}`);
    await turn();
  }
}

/** Lets sockets work for a while. */
export async function turns(count = 30): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}
