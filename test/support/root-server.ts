// A server that is started as root and becomes User, with logs, keys and ports that only root may touch: Catflap or the
// real httpd.

import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.ts';
import { fetchOnce } from './client.ts';
import { canLoad, PROJECT } from './front.ts';
import { freePort, isListening, until } from './port.ts';
import { askTls, get, TLS_FILES } from './tls.ts';

export const USER = 'www-data';
export const needsRoot = { skip: process.getuid?.() !== 0 && 'needs root' };
const MODULES = 'mpm_event authn_core authz_core authz_host unixd mime ssl socache_shmcb';
const START_LIMIT_MS = 20_000;
const ROOT = 0;
const ADM = 4;

export type RootServerKind = 'catflap' | 'httpd';

export class RootServer {
  readonly folder: string;
  readonly child: Child;
  readonly port: number;
  readonly tlsPort: number;
  readonly #conf: string;

  private constructor(folder: string, child: Child, ports: readonly [number, number], conf: string) {
    this.folder = folder;
    this.child = child;
    [this.port, this.tlsPort] = ports;
    this.#conf = conf;
  }

  /** @param users directives that say who it becomes */
  static async start(kind: RootServerKind, users = `User ${USER}\nGroup ${USER}\n`): Promise<RootServer> {
    const folder = mkdtempSync(join(tmpdir(), 'root-server-'));
    chmodSync(folder, 0o755);
    for (const each of ['htdocs', 'logs', 'run', 'keys', 'rt']) mkdirSync(join(folder, each));
    for (const each of ['logs', 'run', 'keys']) chmodSync(join(folder, each), 0o750);
    writeFileSync(join(folder, 'htdocs/local.txt'), 'local file\n');
    const ports = [await freeLowPort(), await freePort()] as const;
    const conf = `${kind === 'httpd' ? httpdOnly() : ''}ServerRoot ${folder}
Listen 127.0.0.1:${ports[0]}
Listen 127.0.0.1:${ports[1]}
ServerName www.example.test
${users}PidFile run/server.pid
DefaultRuntimeDir rt
ErrorLog logs/error.log
CustomLog logs/access.log "%r"
DocumentRoot htdocs
<VirtualHost 127.0.0.1:${ports[1]}>
  ServerName www.example.test
  SSLEngine on
  SSLCertificateFile keys/site.pem
  SSLCertificateKeyFile keys/site.key
</VirtualHost>
IncludeOptional run/*.conf
`;
    putKey(folder, 'www');
    writeFileSync(join(folder, 'server.conf'), conf);
    const command: readonly [string, ...string[]] =
      kind === 'httpd'
        ? ['/usr/sbin/apache2', '-d', folder, '-f', 'server.conf', '-DFOREGROUND']
        : [process.execPath, join(PROJECT, 'bin/catflap.mjs'), 'front', '-d', folder, '-f', 'server.conf'];
    const child = Child.start(command, { cwd: folder, log: join(folder, 'output') });
    const server = new RootServer(folder, child, ports, conf);
    const isUp = await until(() => child.hasEnded || isListening(ports[0]), START_LIMIT_MS);
    if (isUp && !child.hasEnded && (await until(() => server.#isReady(kind), START_LIMIT_MS))) return server;
    const said = child.output();
    await server[Symbol.asyncDispose]();
    throw new Error(`it does not start: ${said}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #isReady(kind: RootServerKind): boolean {
    return this.hasPidFile && (kind === 'httpd' || this.child.output().includes('listening'));
  }

  get hasPidFile(): boolean {
    try {
      return this.read('run/server.pid').trim() !== '';
    } catch {
      return false;
    }
  }

  /** Number in its PidFile. */
  get pid(): number {
    return Number(this.read('run/server.pid'));
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  /** The configuration with these lines added, in force with the next reload. */
  configure(more: string): void {
    writeFileSync(join(this.folder, 'server.conf'), this.#conf + more);
  }

  reload(): void {
    process.kill(this.pid, 'SIGUSR1');
  }

  async get(path: string, port = this.port): Promise<number | undefined> {
    return (await fetchOnce(port, { path })).status;
  }

  async certificateName(): Promise<string | undefined> {
    return (await askTls(this.tlsPort, get('/local.txt', 'www.example.test'), { servername: 'www.example.test' })).name;
  }

  /** As logrotate does it with `create 640 root adm`. */
  rotate(path: string): void {
    const file = join(this.folder, path);
    renameSync(file, `${file}.1`);
    writeFileSync(file, '', { mode: 0o640 });
    chownSync(file, ROOT, ADM);
  }

  /** Renews certificate and key, for root alone. */
  renew(name: string): void {
    putKey(this.folder, name);
  }
}

function putKey(folder: string, name: string): void {
  for (const ending of ['pem', 'key']) {
    const file = join(folder, `keys/site.${ending}`);
    cpSync(join(TLS_FILES, `${name}.${ending}`), file);
    chmodSync(file, 0o600);
  }
}

function httpdOnly(): string {
  const loads = MODULES.split(' ')
    .filter(canLoad)
    .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`);
  return `${loads.join('')}TypesConfig /etc/mime.types\nStartServers 1\nServerLimit 1\n`;
}

const given = new Set<number>();

/** A port below 1024 that nobody listens on now, and that this process has not handed out before. */
export async function freeLowPort(): Promise<number> {
  for (let port = 1023; port > 600; port--) {
    if (given.has(port)) continue;
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (!isFree) continue;
    given.add(port);
    return port;
  }
  throw new Error('no port below 1024 is free');
}
