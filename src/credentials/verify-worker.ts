// The thread in which passwords are verified, so that a slow hash delays nobody but who asked.

import { parentPort } from 'node:worker_threads';
import { isPassword } from './password-format.ts';

/** One question and its answer. The password is the thread's from then on. */
export interface VerifyTask {
  readonly stored: string;
  readonly password: Uint8Array;
}

parentPort?.on('message', ({ stored, password }: VerifyTask) => {
  const octets = Buffer.from(password.buffer, password.byteOffset, password.byteLength);
  const isRight = isPassword(octets, stored);
  octets.fill(0);
  parentPort?.postMessage(isRight);
});
