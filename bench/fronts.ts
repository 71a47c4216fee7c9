// The fronts that are compared, each with its best reasonable settings for the same task: two members behind a balancer
// with sticky sessions, static files beside them, no access log.

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../test/support/child.ts';
import { hasCatflap, PROJECT } from '../test/support/front.ts';
import { isHere } from '../test/support/peers.ts';
import { isListening, until } from '../test/support/port.ts';
import { tlsText } from '../test/support/tls.ts';

/** `catflap` has the configuration of `httpd`, `catflap-jk` that of `mod_jk` with its lb worker. */
export const FRONTS = ['httpd', 'mod_jk', 'haproxy', 'catflap', 'catflap-jk'] as const;
export type FrontName = (typeof FRONTS)[number];

const AJP_PORTS = [19201, 19202] as const;
const HTTP_PORTS = [19203, 19204] as const;
const PORTS: Record<FrontName, number> = {
  httpd: 19210,
  mod_jk: 19211,
  haproxy: 19212,
  catflap: 19213,
  'catflap-jk': 19214,
};
/** Those that have a workers.properties. */
const WITH_WORKERS: ReadonlySet<FrontName> = new Set(['mod_jk', 'catflap-jk']);
/** The same server over TLS listens so much higher. */
export const SECURE_OFFSET = 20;
const MODULES = '/usr/lib/apache2/modules';

export interface BenchFront {
  name: FrontName;
  port: number;
  child: Child;
}

/** Backend, document root and fronts, in a folder of their own. */
export class Field {
  readonly #dir = mkdtempSync(join(tmpdir(), 'bench-'));
  readonly #children: Child[] = [];

  constructor() {
    chmodSync(this.#dir, 0o755);
    mkdirSync(join(this.#dir, 'htdocs/static'), { recursive: true });
    for (const [name, size] of [
      ['1k.html', 1024],
      ['100k.html', 100 * 1024],
    ] as const)
      writeFileSync(join(this.#dir, 'htdocs/static', name), 'abcdefghijklmno\n'.repeat(size / 16));
  }

  async startBackend(): Promise<void> {
    const words = [join(PROJECT, 'bench/backend.ts'), `ajp=${AJP_PORTS.join()}`, `http=${HTTP_PORTS.join()}`];
    await this.#start([process.execPath, ...words], 'backend', AJP_PORTS[0]);
  }

  /** @returns undefined when the program is not on this machine */
  async startFront(name: FrontName): Promise<BenchFront | undefined> {
    const isThere = {
      httpd: isHere('httpd'),
      mod_jk: isHere('mod_jk'),
      haproxy: isHere('haproxy'),
      catflap: hasCatflap(),
      'catflap-jk': hasCatflap(),
    };
    if (!isThere[name]) return undefined;
    const dir = join(this.#dir, name);
    mkdirSync(join(dir, 'rt'), { recursive: true });
    const conf = join(dir, 'front.conf');
    writeFileSync(conf, this.#configuration(name, dir));
    // One file for all: HAProxy wants certificate and key together.
    writeFileSync(join(dir, 'www.pem'), tlsText('www.pem') + tlsText('www.key'));
    if (WITH_WORKERS.has(name)) writeFileSync(join(dir, 'workers.properties'), WORKERS);
    execFileSync('chmod', ['-R', 'a+rwX', dir]); // httpd changes its user
    const program = join(PROJECT, 'bin/catflap.mjs');
    const httpd: [string, ...string[]] = ['/usr/sbin/apache2', '-d', dir, '-f', conf, '-DFOREGROUND'];
    const catflap: [string, ...string[]] = [
      process.execPath,
      '--disable-sigusr1',
      ...[program, 'front', '-d', dir, '-f', conf],
    ];
    const commands: Record<FrontName, [string, ...string[]]> = {
      httpd,
      mod_jk: httpd,
      haproxy: ['/usr/sbin/haproxy', '-db', '-f', conf],
      catflap,
      'catflap-jk': catflap,
    };
    return { name, port: PORTS[name], child: await this.#start(commands[name], name, PORTS[name]) };
  }

  /** Ends a front and starts it anew, with memory nobody has used. */
  async restart(front: BenchFront): Promise<BenchFront> {
    await front.child.stop();
    return (await this.startFront(front.name)) ?? front;
  }

  async stop(): Promise<void> {
    for (const child of this.#children.reverse()) await child.stop();
    rmSync(this.#dir, { recursive: true });
  }

  async #start(command: [string, ...string[]], name: string, port: number): Promise<Child> {
    if (await isListening(port)) throw new Error(`port ${port} is in use`);
    const child = Child.start(command, { log: join(this.#dir, `${name}.log`) });
    this.#children.push(child);
    const isUp = await until(() => child.hasEnded || isListening(port), 15_000);
    if (!isUp || child.hasEnded) throw new Error(`${name} did not start: ${child.output().slice(-2000)}`);
    return child;
  }

  #configuration(name: FrontName, dir: string): string {
    if (name === 'haproxy') return haproxyConf(dir);
    const proxy = WITH_WORKERS.has(name) ? jkConf(dir) : PROXY_CONF;
    return `${loads(name)}${httpdConf(dir, join(this.#dir, 'htdocs'), PORTS[name])}${proxy}${secureConf(dir, name)}`;
  }
}

/** One child with many threads, so that all threads share the pools; room for 10,000 idle connections. */
function httpdConf(dir: string, documentRoot: string, port: number): string {
  return `ServerRoot ${dir}
PidFile ${dir}/httpd.pid
DefaultRuntimeDir ${dir}/rt
Listen 127.0.0.1:${port}
Listen 127.0.0.1:${port + SECURE_OFFSET}
User www-data
Group www-data
ServerName www.example.test
StartServers 1
ServerLimit 1
ThreadsPerChild 64
ThreadLimit 64
MinSpareThreads 1
MaxSpareThreads 64
MaxRequestWorkers 64
AsyncRequestWorkerFactor 200
ListenBacklog 4096
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 300
EnableSendfile On
ErrorLog ${dir}/error.log
LogLevel warn
TypesConfig /etc/mime.types
DocumentRoot ${documentRoot}
<Directory ${documentRoot}>
  Options FollowSymLinks
  AllowOverride None
  Require all granted
</Directory>
`;
}

function secureConf(dir: string, name: FrontName): string {
  return `<VirtualHost 127.0.0.1:${PORTS[name] + SECURE_OFFSET}>
  ServerName www.example.test
  SSLEngine On
  SSLCertificateFile ${dir}/www.pem
${WITH_WORKERS.has(name) ? 'JkMountCopy On' : ''}
</VirtualHost>
`;
}

const PROXY_CONF = `ProxyRequests Off
<Proxy balancer://app>
  BalancerMember ajp://127.0.0.1:${AJP_PORTS[0]} route=jvm1
  BalancerMember ajp://127.0.0.1:${AJP_PORTS[1]} route=jvm2
</Proxy>
ProxyPass /static !
ProxyPass / balancer://app/ stickysession=JSESSIONID
`;

function jkConf(dir: string): string {
  return `JkWorkersFile ${dir}/workers.properties
JkLogFile ${dir}/jk.log
JkShmFile ${dir}/jk.shm
JkLogLevel error
JkMount /* lb
JkUnMount /static/* lb
`;
}

const WORKERS = `worker.list=lb
worker.lb.type=lb
worker.lb.balance_workers=jvm1,jvm2
${AJP_PORTS.map(
  (port, i) => `worker.jvm${i + 1}.type=ajp13
worker.jvm${i + 1}.host=127.0.0.1
worker.jvm${i + 1}.port=${port}
worker.jvm${i + 1}.connection_pool_size=64
`,
).join('')}`;

function haproxyConf(dir: string): string {
  return `global
  nbthread 1
  no strict-limits
  maxconn 10500
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 60s
  timeout http-keep-alive 300s
  http-reuse always
frontend in
  bind 127.0.0.1:${PORTS.haproxy} backlog 4096
  bind 127.0.0.1:${PORTS.haproxy + SECURE_OFFSET} ssl crt ${dir}/www.pem
  default_backend app
backend app
  balance roundrobin
  server jvm1 127.0.0.1:${HTTP_PORTS[0]}
  server jvm2 127.0.0.1:${HTTP_PORTS[1]}
`;
}

function loads(name: FrontName): string {
  const proxy = WITH_WORKERS.has(name)
    ? ['jk']
    : ['proxy', 'proxy_ajp', 'proxy_balancer', 'slotmem_shm', 'lbmethod_byrequests'];
  return ['mpm_event', 'ssl', 'authn_core', 'authz_core', 'mime', 'dir', ...proxy]
    .filter((module) => existsSync(`${MODULES}/mod_${module}.so`))
    .map((module) => `LoadModule ${module}_module ${MODULES}/mod_${module}.so\n`)
    .join('');
}
