// Live mod_jk and Catflap under the same workers.properties, uriworkermap and directives, each with backends of its own,
// and questions that both are asked.
//
//   await using pair = await startJkPair({ workers: 'worker.list=lb\n…port=@a@\n', mounts: '/x/*=lb\n', status: true });
//   const { ours, theirs } = await pair.ask({ path: '/x/p' });

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Conversation, fetchOnce, headerOf, type RequestText } from './client.ts';
import { FakeBackends, MEMBERS, type Member } from './fake-backends.ts';
import { Front, type FrontKind, UNDER_TEST } from './front.ts';

/** What a site says of mod_jk. In every text `@a@` … `@d@` stand for the AJP ports of the members, `@DIR@` for the folder. */
export interface JkTexts {
  /** workers.properties; '' for none but what `status` adds. */
  readonly workers: string;
  /** uriworkermap.properties, named by JkMountFile, which is read again after a second. */
  readonly mounts?: string;
  /** More lines of httpd.conf, at server level. */
  readonly conf?: string;
  /** Mounts a status worker `jkstatus` at /jkstatus; a text: with these properties, without their `worker.jkstatus.`. */
  readonly status?: boolean | string;
  /** More files below the server root, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

const WORKERS_FILE = 'workers.properties';
const MOUNTS_FILE = 'uriworkermap.properties';
const LOG_FILE = 'mod_jk.log';

/** A front and its backends. */
export class JkSide {
  readonly front: Front;
  readonly backends: FakeBackends;

  private constructor(front: Front, backends: FakeBackends) {
    this.front = front;
    this.backends = backends;
  }

  /** @throws FrontRefused with what it said, and what mod_jk's log says */
  static async start(kind: FrontKind, texts: JkTexts): Promise<JkSide> {
    const backends = await FakeBackends.start();
    const { workers, mounts, conf, files } = withStatus(texts);
    const own = (text: string) => withPorts(text, backends);
    try {
      const front = await Front.start(kind, {
        jk: true,
        conf: own(
          [
            ...(workers === '' ? [] : [`JkWorkersFile @DIR@/${WORKERS_FILE}`]),
            `JkLogFile @DIR@/${LOG_FILE}`,
            'JkLogLevel info',
            'JkShmFile @DIR@/rt/jk.shm',
            ...(mounts === undefined ? [] : [`JkMountFile @DIR@/${MOUNTS_FILE}`, 'JkMountFileReload 1']),
            conf,
          ].join('\n'),
        ),
        files: {
          [WORKERS_FILE]: own(workers),
          ...(mounts === undefined ? {} : { [MOUNTS_FILE]: own(mounts) }),
          ...Object.fromEntries(Object.entries(files).map(([path, text]) => [path, own(text)])),
        },
      });
      return new JkSide(front, backends);
    } catch (refusal) {
      await backends.stop();
      throw refusal;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Backends first: a request that stands still at one keeps httpd from ending.
    await this.backends.stop();
    await this.front.stop();
  }

  ask(request: RequestText, timeoutMs?: number): Promise<Conversation> {
    return fetchOnce(this.front.port, request, timeoutMs);
  }

  /** Who answered: `a`, `a!404`, `-!503` (the front itself), as recordings spell it. */
  async who(request: RequestText, timeoutMs?: number): Promise<string> {
    return whoAnswered(await this.ask(request, timeoutMs));
  }

  /** Writes a file below the server root anew. A map file has to be of another second than before: see modjk.md §1.2. */
  rewrite(path: string, text: string): void {
    writeFileSync(join(this.front.dir, path), withPorts(text, this.backends).replaceAll('@DIR@', this.front.dir));
  }

  /** A file below the server root, '' while there is none: `mod_jk.log`, `error.log` … */
  read(path: string = LOG_FILE): string {
    try {
      return readFileSync(join(this.front.dir, path), 'utf8');
    } catch {
      return '';
    }
  }

  /** A text of this side with its ports and its folder replaced by what `JkTexts` calls them. */
  anonymous(text: string): string {
    const names = new Map([[String(this.front.port), '@front@']]);
    for (const member of MEMBERS) names.set(String(this.backends.ports.ajp[member]), `@${member}@`);
    return text.replaceAll(this.front.dir, '@DIR@').replace(/\d{4,5}/g, (number) => names.get(number) ?? number);
  }
}

/** The front under test and the real mod_jk, side by side. */
export class JkPair {
  readonly ours: JkSide;
  readonly theirs: JkSide;

  constructor(ours: JkSide, theirs: JkSide) {
    this.ours = ours;
    this.theirs = theirs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.sides.map((side) => side[Symbol.asyncDispose]()));
  }

  get sides(): readonly [ours: JkSide, theirs: JkSide] {
    return [this.ours, this.theirs];
  }

  /** Both at once. */
  async ask(request: RequestText, timeoutMs?: number): Promise<{ ours: Conversation; theirs: Conversation }> {
    const [ours, theirs] = await this.both((side) => side.ask(request, timeoutMs));
    return { ours, theirs };
  }

  /** Does the same with both, at once. */
  both<T>(act: (side: JkSide) => T | Promise<T>): Promise<[ours: T, theirs: T]> {
    return Promise.all([act(this.ours), act(this.theirs)]);
  }

  /** Gives a member of both a mode (`refuse`, `crash`, `503` …). */
  async mode(member: Member, mode: string): Promise<void> {
    await this.both(({ backends }) => backends.mode(member, mode));
  }
}

/** Starts both; a test of theirs says `needs('httpd', 'mod_jk')`. @throws FrontRefused when either does not start */
export async function startJkPair(texts: JkTexts): Promise<JkPair> {
  const started = await Promise.allSettled([JkSide.start(UNDER_TEST, texts), JkSide.start('httpd', texts)]);
  const [ours, theirs] = started;
  if (ours.status === 'fulfilled' && theirs.status === 'fulfilled') return new JkPair(ours.value, theirs.value);
  for (const each of started) if (each.status === 'fulfilled') await each.value[Symbol.asyncDispose]();
  throw started.find((each) => each.status === 'rejected')?.reason;
}

export function whoAnswered(answer: Conversation): string {
  if (answer.timedOut) return 'no answer';
  return `${headerOf(answer, 'x-member') ?? '-'}${answer.status === 200 ? '' : `!${answer.status}`}`;
}

function withStatus({ workers, mounts, conf = '', status, files = {} }: JkTexts): {
  workers: string;
  mounts: string | undefined;
  conf: string;
  files: Readonly<Record<string, string>>;
} {
  if (status === undefined || status === false) return { workers, mounts, conf, files };
  const more = (status === true ? '' : status).split('\n').filter((line) => line !== '');
  const lines = ['worker.list=jkstatus', ...['type=status', ...more].map((line) => `worker.jkstatus.${line}`)];
  return {
    workers: `${workers}\n${lines.join('\n')}\n`,
    mounts,
    conf: `JkMount /jkstatus jkstatus\n${conf}`,
    files,
  };
}

function withPorts(text: string, { ports }: FakeBackends): string {
  return text.replace(/@([a-d])@/g, (_, member: Member) => String(ports.ajp[member]));
}
