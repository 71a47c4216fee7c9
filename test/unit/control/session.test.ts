// The protocol of the control socket: lines of JSON, cut anywhere, bounded.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/failure.ts';
import { ControlRegistry } from '../../../src/control/registry.ts';
import { ControlSession } from '../../../src/control/session.ts';

class Lab {
  readonly registry = new ControlRegistry();
  readonly lines: string[] = [];
  isClosed = false;
  readonly session: ControlSession;

  constructor(limits = { requestBytes: 100, pendingCount: 2 }) {
    const peer = {
      send: (line: string) => {
        assert.ok(line.endsWith('\n'));
        this.lines.push(line.trimEnd());
      },
      close: () => {
        this.isClosed = true;
      },
    };
    this.session = new ControlSession(this.registry, peer, { pid: 7 }, limits);
  }

  /** Sends, and gives operations their turns. */
  async say(text: string): Promise<string[]> {
    const from = this.lines.length;
    this.session.received(Buffer.from(text));
    await new Promise((resolve) => setImmediate(resolve));
    return this.lines.slice(from);
  }
}

test('it greets with the version of the protocol, then answers each line', async () => {
  const lab = new Lab();
  lab.registry.addOperation({ name: 'double', description: '', run: ({ n }) => Number(n) * 2 });
  assert.deepEqual(lab.lines, ['{"control":1,"pid":7}']);
  assert.deepEqual(await lab.say('{"id":1,"operation":"double","arguments":{"n":4}}\n{"operation":"double"}\n\n'), [
    '{"id":1,"result":8}',
    '{"id":null,"result":null}',
  ]);
});

test('a request may come in any pieces, and its letters too', async () => {
  const lab = new Lab();
  lab.registry.addOperation({ name: 'echo', description: '', run: ({ x }) => x });
  for (const byte of Buffer.from('{"id":"é","operation":"echo","arguments":{"x":"ü"}}\n'))
    lab.session.received(Buffer.of(byte));
  assert.deepEqual(await lab.say(''), ['{"id":"é","result":"ü"}']);
});

test('what went wrong has a code, a declared one where there is one', async () => {
  const lab = new Lab();
  lab.registry.addOperation({
    name: 'refuse',
    description: '',
    run: () => {
      throw new Failure('not-now', 'internal', 'later');
    },
  });
  lab.registry.addOperation({ name: 'break', description: '', run: () => Promise.reject(new Error('oh')) });
  assert.deepEqual(await lab.say('{"id":1,"operation":"refuse"}\n{"id":2,"operation":"break"}\n'), [
    '{"id":1,"error":{"code":"not-now","message":"later"}}',
    '{"id":2,"error":{"code":"operation-failed","message":"oh"}}',
  ]);
});

test('what is no request is told, and the next line is read all the same', async () => {
  const lab = new Lab();
  for (const line of [
    '{',
    '[]',
    '1',
    '{}',
    '{"operation":1}',
    '{"operation":"list","arguments":[]}',
    '{"id":{},"operation":"list"}',
  ])
    assert.match((await lab.say(`${line}\n`)).join(), /^\{"id":null,"error":\{"code":"bad-request"/, line);
  assert.match((await lab.say('{"id":1,"operation":"list"}\n')).join(), /^\{"id":1,"result"/);
});

test('a line that is too long ends the connection, whether its end has come or not', async () => {
  for (const text of [`${'x'.repeat(101)}`, `${'x'.repeat(101)}\n{"operation":"list"}\n`]) {
    const lab = new Lab();
    assert.match((await lab.say(text)).join('\n'), /^\{"id":null,"error":\{"code":"request-too-long".*\}$/);
    assert.ok(lab.isClosed);
    assert.deepEqual(await lab.say('{"operation":"list"}\n'), []);
  }
});

test('more requests at once than allowed are refused, and there is room again when one has ended', async () => {
  const lab = new Lab();
  const gates: (() => void)[] = [];
  lab.registry.addOperation({ name: 'wait', description: '', run: () => new Promise<void>((go) => gates.push(go)) });
  const wait = '{"id":1,"operation":"wait"}\n';
  assert.match((await lab.say(wait.repeat(3))).join(), /too-many-requests/);
  assert.equal(lab.session.pendingCount, 2);
  gates[0]();
  assert.deepEqual(await lab.say(''), ['{"id":1,"result":null}']);
  assert.deepEqual(await lab.say(wait), []);
  lab.session.ended();
  for (const go of gates) go();
  assert.deepEqual(await lab.say(''), []);
});
