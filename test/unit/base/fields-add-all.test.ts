import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELD } from '../../../src/base/field-names.ts';
import { Fields } from '../../../src/base/fields.ts';

test('a whole table is added: known and unknown names, in order, removed ones left out', () => {
  const from = new Fields();
  from.add('etag', '"x"');
  from.addKnown(FIELD.Vary, 'a');
  from.add('X-Own', '1');
  from.add('X-Gone', '2');
  from.remove('X-Gone');
  const to = new Fields();
  to.add('First', '0');
  to.addAll(from);
  assert.deepEqual(to.entries(), [
    ['First', '0'],
    ['etag', '"x"'],
    ['Vary', 'a'],
    ['X-Own', '1'],
  ]);
  assert.equal(to.getKnown(FIELD.ETag), '"x"');
  from.set('X-Own', 'changed');
  assert.equal(to.get('x-own'), '1', 'the copy stands alone');
});

test('adding a table that has a known name twice marks the repeat', () => {
  const from = new Fields();
  from.addKnown(FIELD.Vary, 'a');
  const to = new Fields();
  to.addAll(from);
  assert.equal(to.hasRepeats, false);
  to.addAll(from);
  assert.equal(to.hasRepeats, true);
  assert.deepEqual(to.getAll('vary'), ['a', 'a']);
});
