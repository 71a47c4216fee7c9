// Telling systemd how far the service is (Type=notify): by `systemd-notify`, since Node has no datagrams on unix sockets.

import { spawn } from 'node:child_process';
import type { Log } from '../base/log.ts';

export type ServiceState = 'ready' | 'reloading' | 'stopping';

/** Whoever is told; does nothing when nobody asked. */
export type Notify = (state: ServiceState) => void;

/** @param environment of the process: systemd asks by NOTIFY_SOCKET */
export function serviceNotifier(environment: Readonly<Record<string, string | undefined>>, log: Log): Notify {
  if (environment.NOTIFY_SOCKET === undefined) return () => {};
  // One after another: what is told out of order would be believed.
  let last: Promise<void> = Promise.resolve();
  return (state) => {
    const words = wordsFor(state);
    last = last.then(() => tell(words, log));
  };
}

/** sd_notify(3); a reload must tell when it began, in microseconds of the monotonic clock. */
function wordsFor(state: ServiceState): string[] {
  if (state === 'ready') return ['READY=1', `MAINPID=${process.pid}`];
  if (state === 'stopping') return ['STOPPING=1'];
  return ['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`];
}

function tell(words: readonly string[], log: Log): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn('systemd-notify', words, { stdio: 'ignore' });
    const over = (cause: unknown): void => {
      if (cause !== 0) log.warn('service-not-told', { words: words.join(' '), cause });
      resolve();
    };
    child.once('error', over);
    child.once('exit', (code, signal) => over(code ?? signal));
    child.unref();
  });
}
