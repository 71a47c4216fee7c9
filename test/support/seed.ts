// The configurations Catflap comes from, as they stand in test/data/seed, in front of two real Tomcats.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Front, type FrontKind } from './front.ts';
import { freePort } from './port.ts';
import type { Tomcat } from './tomcat.ts';

const SEED = fileURLToPath(new URL('../data/seed', import.meta.url));
const MEMBER_HOSTS = ['192.168.1.3', '192.168.1.4'] as const;

/** The two ways to write it: ProxyPass at server level, by way of an Include; ProxyPass in a Location. */
export const FORMS = { 'server level': 'httpd.conf', Location: 'proxy_ajp-location.conf' } as const;
export type Form = keyof typeof FORMS;

/** A change to the text, for what an unedited file cannot show in a test's time. */
export type Edit = (text: string) => string;

/**
 * Starts a front on the seed's files. Catflap takes them unedited and is told on its command line where to listen and
 * where 192.168.1.3 and 192.168.1.4 are; the real httpd needs that in the text.
 */
export async function startSeedFront(
  kind: FrontKind,
  form: Form,
  tomcats: readonly [Tomcat, Tomcat],
  edit: Edit = (text) => text,
): Promise<Front> {
  const port = await freePort();
  const files = Object.fromEntries(seedFiles().map((file) => [file, edit(readFileSync(join(SEED, file), 'utf8'))]));
  const places = MEMBER_HOSTS.map((host, i) => [`${host}:8009`, `127.0.0.1:${tomcats[i]?.ajpPort}`] as const);
  if (kind !== 'httpd') {
    const resolve = places.flatMap(([from, to]) => ['--resolve', `${from}=${to}`]);
    return Front.start(kind, {
      port,
      files,
      confFile: FORMS[form],
      arguments: ['-C', `Listen 127.0.0.1:${port}`, ...resolve],
    });
  }
  for (const file of Object.keys(files))
    for (const [from, to] of places) files[file] = files[file]?.replaceAll(from, to) ?? '';
  // The real one refuses the parameter that the text gives to ProxyPassReverse in a Location.
  const conf = (files[FORMS[form]] ?? '').replace(/^LoadModule.*\n/gm, '').replace(/(ProxyPassReverse \S+) .*/, '$1');
  return Front.start(kind, { port, files, conf });
}

function seedFiles(): string[] {
  return readdirSync(SEED, { recursive: true, encoding: 'utf8' }).filter((file) => statSync(join(SEED, file)).isFile());
}
