// mod_jk's samples that Catflap comes from, unedited, served without an httpd.conf.

import { readFileSync } from 'node:fs';
import { Front } from './front.ts';
import { freePort } from './port.ts';

/** A text of test/data/seed. */
export function seedText(name: string): string {
  return readFileSync(new URL(`../data/seed/${name}`, import.meta.url), 'utf8');
}

/** status.txt, cut into the two files that it names. */
export function statusFiles(): { workers: string; httpdConf: string } {
  const text = seedText('status.txt');
  const at = text.indexOf('# httpd.conf\n');
  return { workers: text.slice(0, at), httpdConf: text.slice(at) };
}

export interface WorkersFrontOptions {
  readonly workers: string;
  /** Rules of `--mount`. */
  readonly mount?: readonly string[];
  /** Lines of `--worker-property`. */
  readonly property?: readonly string[];
  /** Rules of `--resolve`: from, to. */
  readonly places?: readonly (readonly [from: string, to: string])[];
  readonly files?: Readonly<Record<string, string>>;
  readonly arguments?: readonly string[];
}

/** Starts `catflap front --workers …` on a free port. @throws FrontRefused */
export async function startWorkersFront(options: WorkersFrontOptions): Promise<Front> {
  const { workers, mount = [], property = [], places = [], files = {}, arguments: more = [] } = options;
  const port = await freePort();
  return Front.start('catflap', {
    port,
    withoutConf: true,
    files: { 'workers.properties': workers, ...files },
    arguments: [
      ...['--workers', '@DIR@/workers.properties', '--listen', `127.0.0.1:${port}`],
      ...mount.flatMap((rule) => ['--mount', rule]),
      ...property.flatMap((line) => ['--worker-property', line]),
      ...places.flatMap(([from, to]) => ['--resolve', `${from}=${to}`]),
      ...more,
    ],
  });
}
