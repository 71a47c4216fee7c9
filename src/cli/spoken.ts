// Options of the command line that stand for directives: a frontend for workers.properties and uriworkermap.properties
// needs no httpd.conf. Beside one they say what its lines would.

import { resolve } from 'node:path';
import type { SpokenDirective } from '../config/httpd/read.ts';

export interface SpokenOptions {
  /** workers.properties. */
  readonly workers?: string;
  /** Lines of it. */
  readonly workerProperty?: readonly string[];
  /** uriworkermap.properties. */
  readonly mounts?: string;
  /** Lines of it: `/app/*=balancer`, `!/app/static/*=balancer`, with the extensions of rules. */
  readonly mount?: readonly string[];
  /** `8080`, `127.0.0.1:8080`, `[::1]:8080`. */
  readonly listen?: readonly string[];
}

/** Whether these options alone make a site. */
export function saysSite({ workers, workerProperty, mounts, mount }: SpokenOptions): boolean {
  return [workers, workerProperty, mounts, mount].some((each) => each !== undefined);
}

/** The files as seen from where the program was started, not from ServerRoot. */
export function absolutePaths({ workers, mounts }: SpokenOptions): Pick<SpokenOptions, 'workers' | 'mounts'> {
  return {
    ...(workers === undefined ? {} : { workers: resolve(workers) }),
    ...(mounts === undefined ? {} : { mounts: resolve(mounts) }),
  };
}

/** What the options say in the language of httpd.conf. */
export function spokenDirectives(options: SpokenOptions): SpokenDirective[] {
  const { workers, workerProperty = [], mounts, mount = [], listen = [] } = options;
  return [
    ...listen.map((address, i) => spoken('--listen', i, `Listen ${quoted(address)}`)),
    ...(workers === undefined ? [] : [spoken('--workers', 0, `JkWorkersFile ${quoted(workers)}`)]),
    // The rest of the line is the property, as it stands.
    ...workerProperty.map((line, i) => spoken('--worker-property', i, `JkWorkerProperty ${line}`)),
    ...(mounts === undefined ? [] : [spoken('--mounts', 0, `JkMountFile ${quoted(mounts)}`)]),
    ...mount.map((rule, i) => spoken('--mount', i, mountDirective(rule))),
  ];
}

/** Without a worker it is passed on as it is, for the message about it. */
function mountDirective(rule: string): string {
  const isExclusion = rule.startsWith('!');
  const text = isExclusion ? rule.slice(1) : rule;
  const at = text.indexOf('=');
  const words = at < 0 ? [text] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  return [isExclusion ? 'JkUnMount' : 'JkMount', ...words.map(quoted)].join(' ');
}

function spoken(option: string, index: number, text: string): SpokenDirective {
  // A line is a line: what comes after its end would be nobody's.
  return { text: text.replace(/[\r\n]+/g, ' '), place: { file: option, line: index + 1 } };
}

function quoted(word: string): string {
  return `"${word.replace(/["\\]/g, '\\$&')}"`;
}
