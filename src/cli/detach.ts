// `-k start`: the frontend in the background, as httpd runs. The process that was called starts another one with a
// session of its own, waits until that one serves, and ends with what it has to say.

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Snapshot } from '../site/model.ts';
import { explain } from './explain.ts';

/** Tells the second process that it is the one in the background. */
const MARK = 'CATFLAP_DETACHED';

/** What the second process tells the first, once. */
interface Word {
  /** Undefined: it serves. */
  readonly failure?: string;
}

/** Starts it and waits until it serves. @returns the exit code */
export async function detach(snapshot: Snapshot): Promise<number> {
  const errorLog = openErrorLog(snapshot);
  if (errorLog === undefined) return 1;
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio: ['ignore', errorLog, errorLog, 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
  closeSync(errorLog);
  return new Promise((resolve) => {
    const fail = (why: string): void => {
      process.stderr.write(`${why}\n`);
      resolve(1);
    };
    child.once('error', (error) => fail(`The frontend does not start: ${explain(error)}`));
    child.once('message', ({ failure }: Word) => {
      if (failure !== undefined) fail(failure);
      else resolve(0);
      if (child.connected) child.disconnect();
      child.unref();
    });
    child.once('exit', (code, signal) => fail(`The frontend ended at once (${signal ?? code}); see its ErrorLog`));
  });
}

/** Where standard output and standard error of a process without a terminal go. */
function backgroundErrorLog({ mainHost, serverRoot }: Snapshot): string {
  const { errorLog } = mainHost;
  const isFile = errorLog !== undefined && !errorLog.startsWith('|') && !/^syslog/i.test(errorLog);
  return isFile ? errorLog : join(serverRoot, 'logs/error_log');
}

/** The configuration for a process without a terminal: it always has an ErrorLog. */
export function forBackground(snapshot: Snapshot): Snapshot {
  const { mainHost } = snapshot;
  if (mainHost.errorLog?.startsWith('|') === true) return snapshot;
  return { ...snapshot, mainHost: { ...mainHost, errorLog: backgroundErrorLog(snapshot) } };
}

function openErrorLog(snapshot: Snapshot): number | undefined {
  const { errorLog } = snapshot.mainHost;
  const path = errorLog?.startsWith('|') === true ? '/dev/null' : backgroundErrorLog(snapshot);
  try {
    return openSync(path, 'a', 0o644);
  } catch (error) {
    process.stderr.write(`The frontend does not start: ErrorLog ${path}: ${explain(error)}\n`);
    return undefined;
  }
}

/** What the process in the background does about where it came from. */
export interface Background {
  readonly isDetached: boolean;
  /** It serves: the first process may end. */
  ready(): void;
  /** It does not start. Without a first process: on standard error. */
  failed(why: string): void;
}

/** To be asked once, early: what it looks at is taken away, so that programs started from here do not see it. */
export function background(): Background {
  const isDetached = process.env[MARK] === '1' && process.send !== undefined;
  delete process.env[MARK];
  if (!isDetached) return { isDetached, ready() {}, failed: (why) => void process.stderr.write(`${why}\n`) };
  process.chdir('/');
  const say = (word: Word): void => {
    // The first process may have been ended meanwhile; nobody is left to tell.
    if (process.connected) process.send?.(word, () => process.disconnect?.());
  };
  return {
    isDetached,
    ready: () => say({}),
    failed: (why) => say({ failure: why }),
  };
}
