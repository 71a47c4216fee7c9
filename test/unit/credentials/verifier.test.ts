// Passwords verified one after the other, off the loop: what is remembered, what waits, what is turned away.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { VirtualClock } from '../../../src/base/clock.ts';
import { parsePasswordFile } from '../../../src/credentials/password-file.ts';
import {
  PasswordVerifier,
  REMEMBERED_MAX,
  REMEMBERED_MS,
  type Verification,
  WAITING_MAX,
} from '../../../src/credentials/verifier.ts';
import type { VerifyTask } from '../../../src/credentials/verify-worker.ts';

/** A thread that answers when it is told to; a password is right when it is `right`. */
class SlowThread {
  readonly tasks: VerifyTask[] = [];
  starts = 0;
  isClosed = false;
  #listener: (isRight: boolean | undefined) => void = () => {};

  start = () => {
    this.starts++;
    this.isClosed = false;
    return {
      post: (task: VerifyTask) => void this.tasks.push(task),
      onAnswer: (listener: (isRight: boolean | undefined) => void) => {
        this.#listener = listener;
      },
      close: () => {
        this.isClosed = true;
      },
    };
  };

  answer(): void {
    const task = this.tasks.shift();
    assert.ok(task);
    this.#listener(Buffer.from(task.password).toString().startsWith('right'));
  }

  die(): void {
    this.tasks.length = 0;
    this.#listener(undefined);
  }
}

function lab() {
  const clock = new VirtualClock();
  const thread = new SlowThread();
  const verifier = new PasswordVerifier(clock, thread.start);
  const heard: string[] = [];
  const ask = (password: string, stored = 'stored', isDecoy = false, name = password) =>
    verifier.verify(Buffer.from(password), stored, isDecoy, (answer: Verification) => heard.push(`${name} ${answer}`));
  return { clock, thread, verifier, heard, ask };
}

test('a right password is remembered for a while, a wrong one is asked again', () => {
  const { clock, thread, heard, ask } = lab();
  ask('right');
  assert.deepEqual(heard, []);
  thread.answer();
  ask('right');
  assert.deepEqual([heard, thread.tasks.length], [['right right', 'right right'], 0]);
  ask('wrong');
  thread.answer();
  ask('wrong');
  assert.equal(thread.tasks.length, 1);
  thread.answer();
  clock.advance(REMEMBERED_MS + 1);
  ask('right');
  assert.equal(thread.tasks.length, 1);
});

test('what the file stores now is another question', () => {
  const { thread, ask } = lab();
  ask('right', 'old');
  thread.answer();
  ask('right', 'new');
  assert.equal(thread.tasks.length, 1);
});

test('the oldest right password is forgotten when there are too many', () => {
  const { thread, ask } = lab();
  for (let i = 0; i <= REMEMBERED_MAX; i++) {
    ask(`right${i}`);
    thread.answer();
  }
  ask(`right${REMEMBERED_MAX}`);
  ask('right1');
  assert.equal(thread.tasks.length, 0);
  ask('right0');
  assert.equal(thread.tasks.length, 1);
});

test('a question for the time it takes is never believed and never remembered', () => {
  const { thread, heard, ask } = lab();
  ask('right', 'stored', true, 'decoy');
  thread.answer();
  ask('right', 'stored', true, 'decoy');
  assert.equal(thread.tasks.length, 1);
  thread.answer();
  assert.deepEqual(heard, ['decoy wrong', 'decoy wrong']);
  ask('right');
  assert.equal(thread.tasks.length, 1);
});

test('the same question is asked once, however many wait for it', () => {
  const { thread, heard, ask } = lab();
  ask('first');
  ask('right', 'stored', false, 'a');
  ask('right', 'stored', false, 'b');
  thread.answer();
  thread.answer();
  assert.deepEqual(heard, ['first wrong', 'a right', 'b right']);
  assert.equal(thread.tasks.length, 0);
});

test('when too many wait, one more is turned away at once', () => {
  const { thread, heard, ask } = lab();
  for (let i = 0; i <= WAITING_MAX; i++) ask(`wrong${i}`);
  assert.deepEqual(heard, []);
  ask('late');
  assert.deepEqual(heard, ['late busy']);
  thread.answer();
  ask('later');
  assert.deepEqual(heard, ['late busy', 'wrong0 wrong']);
});

test('a question that was taken back is not asked, and gives its place away', () => {
  const { thread, heard, ask } = lab();
  ask('first');
  const takeBack = ask('second');
  ask('third');
  takeBack();
  thread.answer();
  thread.answer();
  assert.deepEqual(heard, ['first wrong', 'third wrong']);
  const running = ask('fourth');
  running();
  thread.answer();
  assert.equal(heard.length, 2);
});

test('when the thread ends all who wait hear so, and the next question starts another', () => {
  const { thread, heard, ask, verifier } = lab();
  ask('one');
  ask('two');
  thread.die();
  assert.deepEqual(heard, ['one broken', 'two broken']);
  ask('right');
  assert.equal(thread.starts, 2);
  thread.answer();
  assert.equal(heard[2], 'right right');
  ask('three');
  verifier.close();
  assert.deepEqual([heard[3], thread.isClosed], ['three broken', true]);
});

test('the real thread verifies every form, and the loop goes on meanwhile', async () => {
  const { users } = parsePasswordFile(readFileSync(new URL('../../data/credentials/users', import.meta.url), 'latin1'));
  const verifier = new PasswordVerifier(new VirtualClock());
  const verify = (user: string, password: string) =>
    new Promise<Verification>((resolve) => {
      verifier.verify(Buffer.from(password), users.get(user)?.stored ?? '', false, resolve);
    });
  // Keeps the process alive, as a server's sockets do.
  const open = setInterval(() => {}, 1000);
  for (const user of ['bea', 'apr', 'sha', 's256', 's512', 'md5']) {
    assert.equal(await verify(user, `${user}-pw`), 'right', user);
    assert.equal(await verify(user, 'other'), 'wrong', user);
  }
  assert.equal(await verify('plain', 'plain-pw'), 'wrong');
  verifier.close();
  clearInterval(open);
});
