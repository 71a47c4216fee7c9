// The other end of the control socket: one operation asked for, its answer awaited.

import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { Failure } from '../base/failure.ts';
import type { ControlArguments } from '../control/registry.ts';
import { CONTROL_VERSION } from '../control/session.ts';

/** An answer larger than this is no answer of ours. */
const ANSWER_MAX = 256 * 1024 * 1024;
/** The greeting comes at once, whatever the operation then takes. */
const GREETING_MS = 10_000;

/**
 * Carries out one operation in the process behind the socket.
 * @throws Failure `not-running` when nobody answers there; the operation's own code when it was refused
 */
export function askControl(path: string, operation: string, given: ControlArguments): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const fail = (code: string, message: string): void => {
      socket.destroy();
      reject(new Failure(code, 'internal', message));
    };
    const parts: string[] = [];
    let size = 0;
    let isGreeted = false;
    const timer = setTimeout(() => fail('no-answer', `no answer from ${path}`), GREETING_MS);
    socket.setEncoding('utf8');
    socket.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      fail(error.code === 'EACCES' ? 'no-access' : 'not-running', reasonOf(error, path));
    });
    socket.on('close', () => {
      clearTimeout(timer);
      fail('no-answer', `the process behind ${path} went away before it answered`);
    });
    const take = (line: string): void => {
      const message = JSON.parse(line) as Record<string, unknown>;
      if (!isGreeted) {
        isGreeted = true;
        clearTimeout(timer);
        if (message.control !== CONTROL_VERSION) {
          fail('other-version', `the process behind ${path} speaks another version of the protocol`);
          return;
        }
        socket.write(`${JSON.stringify({ id: 1, operation, arguments: given })}\n`);
        return;
      }
      const { error, result } = message as { error?: { code: string; message: string }; result?: unknown };
      if (error === undefined) resolve(result);
      else reject(new Failure(error.code, 'internal', error.message));
      socket.destroy();
    };
    socket.on('data', (text: string) => {
      const lines = text.split('\n');
      parts.push(lines[0]);
      size += text.length;
      if (size > ANSWER_MAX) fail('no-answer', 'the answer is too long');
      for (const next of lines.slice(1)) {
        take(parts.join(''));
        parts.splice(0, parts.length, next);
      }
    });
  });
}

function reasonOf(error: NodeJS.ErrnoException, path: string): string {
  if (error.code === 'EACCES') return `${path} belongs to another user; run this as the user who started the frontend`;
  const folder = dirname(path);
  if (!existsSync(folder))
    return `a frontend of this configuration has no control socket, since there is no folder ${folder}; create it, or write PidFile, and start it again`;
  return `no frontend is running behind ${path}; start one, or name its socket with --control`;
}
