// workers.properties is read again while the site serves: who is the same member goes by its name, not by its address.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lab, until } from './lab.ts';
import { ajpAnswer, GET } from './messages.ts';

/** The lines of an lb of the members named, each at the given backend. */
function lb(...members: readonly (readonly [name: string, backend: string])[]): string {
  const lines = [
    'worker.list=lb',
    'worker.lb.type=lb',
    `worker.lb.balance_workers=${members.map(([name]) => name).join(',')}`,
    ...members.map(([name, backend]) => `worker.${name}.host=127.0.0.1:${backend}`),
  ];
  return `${lines.map((line) => `JkWorkerProperty ${line}`).join('\n')}\nJkMount /* lb`;
}

function elected(lab: Lab): Record<string, number> {
  return Object.fromEntries(lab.members.map(({ member }) => [member.config.lb?.name, member.state.elected]));
}

async function serveOne(lab: Lab): Promise<void> {
  const before = Object.values(elected(lab)).reduce((sum, count) => sum + count, 0);
  const client = lab.ask(GET);
  await until(() => lab.backends.some(({ lines }) => lines.some((line) => line.packets.length > 0)), 'a request');
  for (const { lines } of lab.backends)
    for (const line of lines)
      if (line.packets.length > 0) {
        line.text = '';
        line.send(ajpAnswer('x'));
      }
  await until(() => client.heard().body === 'x', 'the answer');
  const after = Object.values(elected(lab)).reduce((sum, count) => sum + count, 0);
  assert.equal(after, before + 1);
}

// JkWorkersFile, JkWorkerProperty
test('a member keeps what was counted about it when its place, its address and its neighbours change', async () => {
  await using lab = await Lab.open(lb(['a', '@1'], ['b', '@2']), 2);
  await serveOne(lab);
  await serveOne(lab);
  await serveOne(lab);
  const before = elected(lab);
  assert.equal(before.a + before.b, 3);
  lab.site = lab.siteOf(lab.load(lb(['c', '@1'], ['b', '@2'], ['a', '@2'])), lab.site);
  lab.frontend.swap(lab.site);
  assert.deepEqual(elected(lab), { a: before.a, b: before.b, c: 0 });
  await serveOne(lab);
});

test('two members at one address are two members', async () => {
  await using lab = await Lab.open(lb(['a', '@1'], ['b', '@1']));
  await serveOne(lab);
  await serveOne(lab);
  assert.deepEqual(elected(lab), { a: 1, b: 1 });
});
