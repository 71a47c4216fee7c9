// Starts the server under test: Catflap, or the real httpd in its place, on the same configuration. What only one of
// them understands is added here, so that a test names nothing but its rules.

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';
import { freePort, isListening, until } from './port.ts';

/** `catflap`, `httpd`, or a command line with `@DIR@` and `@CONF@` for any other. */
export type FrontKind = 'catflap' | 'httpd' | `${string} ${string}`;

/** The front that tests are about: Catflap, unless CATFLAP_FRONT names another to prove the tests on. */
export const UNDER_TEST = (process.env.CATFLAP_FRONT ?? 'catflap') as FrontKind;
export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const MODULES = '/usr/lib/apache2/modules';
const COMMON_MODULES = (
  'mpm_event authn_core authz_core authz_host authz_user access_compat unixd alias headers setenvif env dir mime rewrite ' +
  'log_config'
).split(' ');
const PROXY_MODULES = (
  'proxy proxy_http proxy_ajp proxy_balancer slotmem_shm lbmethod_byrequests lbmethod_bytraffic lbmethod_bybusyness ' +
  'lbmethod_heartbeat watchdog proxy_hcheck'
).split(' ');
const START_LIMIT_MS = 15_000;

export interface FrontOptions {
  /** The configuration, after what every server needs. `@DIR@` is the server root. */
  conf?: string;
  /** Takes this one of `files` as the whole configuration, untouched; the arguments must make the server listen on `port`. */
  confFile?: string;
  /** Catflap only: there is no httpd.conf; the arguments say everything, and where to listen. `@DIR@` is the server root. */
  withoutConf?: boolean;
  /** Where it listens; a free port by default. */
  port?: number;
  /** Loads mod_jk, not mod_proxy. */
  jk?: boolean;
  /** More files below the server root, by path. */
  files?: Readonly<Record<string, string>>;
  /** More arguments on the command line. */
  arguments?: readonly string[];
}

/** The server did not come up; the message is what it said. */
export class FrontRefused extends Error {}

/** Whether the program under test is there. */
export function hasCatflap(): boolean {
  return existsSync(join(PROJECT, 'bin/catflap.mjs'));
}

export class Front {
  readonly port: number;
  /** The server root: `htdocs`, `error.log`, and what the configuration made. */
  readonly dir: string;
  readonly child: Child;

  private constructor(port: number, dir: string, child: Child) {
    this.port = port;
    this.dir = dir;
    this.child = child;
  }

  /** Starts a front and waits until it listens. @throws FrontRefused */
  static async start(kind: FrontKind, options: FrontOptions): Promise<Front> {
    const port = options.port ?? (await freePort());
    const dir = mkdtempSync(join(tmpdir(), 'front-'));
    chmodSync(dir, 0o755);
    for (const each of ['htdocs', 'rt']) mkdirSync(join(dir, each));
    const files = { 'htdocs/index.html': 'local index\n', 'htdocs/local.txt': 'local file\n', ...options.files };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text.replaceAll('@DIR@', dir));
    }
    const confFile = join(dir, options.confFile ?? 'httpd.conf');
    if (options.confFile === undefined && options.withoutConf !== true) {
      const conf = `${baseConf(port, options.jk ?? false, kind === 'httpd')}${options.conf ?? ''}\n`;
      writeFileSync(confFile, conf.replaceAll('@DIR@', dir));
    }
    execFileSync('chmod', ['-R', 'a+rwX', dir]); // the server may change its user

    const more = (options.arguments ?? []).map((word) => word.replaceAll('@DIR@', dir));
    const command = commandLine(kind, dir, options.withoutConf === true ? undefined : confFile, more);
    const child = Child.start(command, { log: join(dir, 'output') });
    const front = new Front(port, dir, child);
    const isUp = await until(() => child.hasEnded || isListening(port), START_LIMIT_MS);
    if (!isUp || child.hasEnded) {
      const state = child.hasEnded ? `it ended with ${child.end}` : `it runs, but is not listening on ${port}`;
      const said = `${state}: ${child.output().trim().slice(-600)}`;
      await front.stop();
      throw new FrontRefused(said);
    }
    return front;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Ends the server and removes its root. @returns whether it ended when asked */
  async stop(): Promise<boolean> {
    const obeyed = await this.child.stop();
    await until(async () => !(await isListening(this.port)), 3000);
    rmSync(this.dir, { recursive: true, force: true });
    return obeyed;
  }
}

function commandLine(
  kind: FrontKind,
  dir: string,
  conf: string | undefined,
  more: readonly string[],
): [string, ...string[]] {
  const named = conf === undefined ? [] : ['-f', conf];
  if (kind === 'httpd') return ['/usr/sbin/apache2', '-d', dir, ...named, '-DFOREGROUND', ...more];
  if (kind === 'catflap') {
    const program = join(PROJECT, 'bin/catflap.mjs');
    return [process.execPath, '--disable-sigusr1', program, 'front', '-d', dir, ...named, ...more];
  }
  return ['bash', '-c', `exec ${kind.replaceAll('@DIR@', dir).replaceAll('@CONF@', conf ?? '')}`];
}

/** The lines a distribution's httpd.conf begins with. The real httpd gets only the modules it can load. */
function baseConf(port: number, jk: boolean, isReal: boolean): string {
  const modules = [...COMMON_MODULES, ...(jk ? ['jk'] : PROXY_MODULES)].filter((name) => !isReal || canLoad(name));
  const loads = modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so\n`).join('');
  return `${loads}TypesConfig /etc/mime.types
ServerRoot @DIR@
PidFile @DIR@/httpd.pid
DefaultRuntimeDir @DIR@/rt
Listen 127.0.0.1:${port}
User www-data
Group www-data
ServerName www.example.test
StartServers 1
ServerLimit 1
ThreadsPerChild 32
ThreadLimit 32
MinSpareThreads 1
MaxSpareThreads 32
MaxRequestWorkers 32
ErrorLog @DIR@/error.log
LogLevel warn
DocumentRoot @DIR@/htdocs
<Directory @DIR@/htdocs>
  Require all granted
</Directory>
`;
}

let builtIn: string | undefined;

export function canLoad(name: string): boolean {
  builtIn ??= execFileSync('/usr/sbin/apache2', ['-l'], { encoding: 'latin1' });
  return !builtIn.includes(`mod_${name}.c`) && existsSync(`${MODULES}/mod_${name}.so`);
}
