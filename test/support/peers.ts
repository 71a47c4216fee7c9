// The real programs that tests are run against: whether they are here, and a try to install them when they are not.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PEERS = {
  httpd: { file: '/usr/sbin/apache2', package: 'apache2' },
  mod_jk: { file: '/usr/lib/apache2/modules/mod_jk.so', package: 'libapache2-mod-jk' },
  tomcat: { file: '/usr/share/tomcat10/bin/bootstrap.jar', package: 'tomcat10' },
  'tomcat-examples': { file: '/usr/share/tomcat10-examples/examples/index.html', package: 'tomcat10-examples' },
  haproxy: { file: '/usr/sbin/haproxy', package: 'haproxy' },
  nmap: { file: '/usr/bin/nmap', package: 'nmap' },
  javac: { file: '/usr/bin/javac', package: 'default-jdk-headless' },
  gawk: { file: '/usr/bin/awk', package: 'gawk' },
  python3: { file: '/usr/bin/python3', package: 'python3' },
  chromium: { file: '/usr/bin/chromium', package: 'chromium' },
  wrk: { file: '/usr/bin/wrk', package: 'wrk' },
} as const;
export type Peer = keyof typeof PEERS;

const INSTALL_LIMIT_MS = 300_000;

/**
 * For the options of a test: `{ skip: false }` when all these peers are here or could be installed (Debian, as root),
 * else `{ skip: 'needs …' }`.
 */
export function needs(...peers: Peer[]): { skip: string | false } {
  const missing = peers.filter((peer) => !isHere(peer) && !install(peer));
  return { skip: missing.length > 0 && `needs ${missing.map((peer) => PEERS[peer].package).join(', ')}` };
}

export function isHere(peer: Peer): boolean {
  return existsSync(PEERS[peer].file);
}

/** What only has to be asked once per process. */
const tried = new Map<Peer, boolean>();

function install(peer: Peer): boolean {
  const before = tried.get(peer);
  if (before !== undefined) return before;
  tried.set(peer, false);
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  const run = (...words: string[]) =>
    execFileSync('/usr/bin/apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...words], {
      stdio: 'ignore',
      timeout: INSTALL_LIMIT_MS,
      // Installing must not start services: the tests start their own.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    });
  try {
    run('update', '-q');
    run('install', '-y', '-q', '--no-install-recommends', PEERS[peer].package);
  } catch {
    return false;
  }
  tried.set(peer, isHere(peer));
  return isHere(peer);
}
