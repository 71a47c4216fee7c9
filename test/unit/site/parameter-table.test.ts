// The parameters that the reference tells of are those that are taken.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BALANCER_PARAMETER_ROWS, WORKER_PARAMETER_ROWS } from '../../../src/site/parameter-table.ts';
import { WORKER_KEYS } from '../../../src/site/worker-parameters.ts';
import { load, told } from './support.ts';

test('every parameter of a member has its row, and every row its parameter', () => {
  assert.deepEqual(WORKER_PARAMETER_ROWS.map(({ key }) => key).sort(), [...WORKER_KEYS].sort());
});

/** Findings about a parameter that a balancer does not know. */
function unknown(key: string): string[] {
  const { findings } = load(`ProxyPass /x balancer://c ${key}=1\n`);
  return findings.filter(({ message }) => message.includes('no parameter')).map(({ message }) => message);
}

test('every parameter of a balancer in the table is one', () => {
  for (const { key } of BALANCER_PARAMETER_ROWS) assert.deepEqual(unknown(key), [], key);
  assert.equal(unknown('nonsense').length, 1);
});

test('rows say all there is to say', () => {
  for (const { key, unit, meaning } of [...WORKER_PARAMETER_ROWS, ...BALANCER_PARAMETER_ROWS]) {
    assert.ok(unit.length > 0 && meaning.length > 0, key);
  }
});

test('min= changes nothing, as in httpd, and is not told of', () => {
  assert.deepEqual(told(load('ProxyPass /x http://h/x min=3\n')), []);
});
