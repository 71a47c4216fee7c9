// What an operator sees and does, by name.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlRegistry } from '../../../src/control/registry.ts';

test('status tells every resource, or the one that is asked for', async () => {
  const registry = new ControlRegistry();
  let count = 0;
  registry.addResource({ name: 'one', description: 'Counts.', read: () => ++count });
  registry.addResource({ name: 'two', description: 'A text.', read: () => 'x' });
  assert.deepEqual(await registry.run('status', {}), { one: 1, two: 'x' });
  assert.equal(await registry.run('status', { resource: 'one' }), 2);
  await assert.rejects(registry.run('status', { resource: 'three' }), { code: 'unknown-resource' });
  await assert.rejects(registry.run('status', { resource: 3 }), { code: 'bad-argument' });
});

test('list names what there is, with a line about each', async () => {
  const registry = new ControlRegistry();
  registry.addResource({ name: 'one', description: 'Counts.', read: () => 1 });
  const { resources, operations } = (await registry.run('list', {})) as Record<string, { name: string }[]>;
  assert.deepEqual(resources, [{ name: 'one', description: 'Counts.' }]);
  assert.deepEqual(
    operations?.map(({ name }) => name),
    ['list', 'status'],
  );
});

test('an operation gets its arguments and may take its time; one that is not there is told with those that are', async () => {
  const registry = new ControlRegistry();
  registry.addOperation({ name: 'a.b-c', description: '', run: async ({ x }) => [x] });
  assert.deepEqual(await registry.run('a.b-c', { x: 1 }), [1]);
  await assert.rejects(registry.run('nothing', {}), /there are a\.b-c, list, status$/);
});

test('a name is taken once, and free again when it is given back', () => {
  const registry = new ControlRegistry();
  const resource = { name: 'one', description: '', read: () => 1 };
  const registration = registry.addResource(resource);
  assert.throws(() => registry.addResource(resource), /registered already/);
  registration.remove();
  const again = registry.addResource({ ...resource, read: () => 2 });
  registration.remove();
  assert.equal(registry.read('one'), 2);
  again.remove();
  for (const name of ['', 'A', 'a b', 'a.', '-a'])
    assert.throws(() => registry.addResource({ ...resource, name }), /no name/);
});
