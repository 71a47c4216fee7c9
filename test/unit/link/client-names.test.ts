// Names of clients: looked up forth and back, few at a time, not for long.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../src/base/clock.ts';
import { ClientNames, type NameService } from '../../../src/link/client-names.ts';

type Answered = (found: readonly string[]) => void;

/** A resolver that answers when it is told to. */
class SlowNames implements NameService {
  readonly asked: string[] = [];
  readonly #open = new Map<string, Answered>();

  namesOf(address: string, answered: Answered): void {
    this.#ask(`name of ${address}`, answered);
  }

  addressesOf(name: string, answered: Answered): void {
    this.#ask(`addresses of ${name}`, answered);
  }

  #ask(question: string, answered: Answered): void {
    this.asked.push(question);
    this.#open.set(question, answered);
  }

  answer(question: string, ...found: string[]): void {
    const answered = this.#open.get(question);
    assert.ok(answered, question);
    this.#open.delete(question);
    answered(found);
  }
}

function lab() {
  const clock = new VirtualClock();
  const service = new SlowNames();
  const names = new ClientNames(clock, service);
  const heard: string[] = [];
  const hostOf = (address: string) => names.hostOf(address, (name) => heard.push(`${address} ${name}`));
  return { clock, service, names, heard, hostOf };
}

test('a name counts when it has the address', () => {
  const { service, heard, hostOf } = lab();
  hostOf('192.0.2.1');
  service.answer('name of 192.0.2.1', 'a.test');
  assert.deepEqual(heard, []);
  service.answer('addresses of a.test', '192.0.2.9', '::ffff:192.0.2.1');
  assert.deepEqual(heard, ['192.0.2.1 a.test']);
});

test('a name that somebody else gave the address does not count', () => {
  const { service, heard, hostOf } = lab();
  hostOf('192.0.2.1');
  service.answer('name of 192.0.2.1', 'bank.test');
  service.answer('addresses of bank.test', '198.51.100.1');
  hostOf('192.0.2.2');
  service.answer('name of 192.0.2.2');
  assert.deepEqual(heard, ['192.0.2.1 ', '192.0.2.2 ']);
});

test('answers are used for a minute, by all who ask meanwhile', () => {
  const { clock, service, heard, hostOf } = lab();
  hostOf('192.0.2.1');
  hostOf('192.0.2.1');
  service.answer('name of 192.0.2.1');
  hostOf('192.0.2.1');
  assert.deepEqual(heard, ['192.0.2.1 ', '192.0.2.1 ', '192.0.2.1 ']);
  assert.deepEqual(service.asked, ['name of 192.0.2.1']);
  clock.advance(60_000);
  hostOf('192.0.2.1');
  assert.equal(service.asked.length, 2);
});

test('who has waited for five seconds has no name; a late answer is kept for the next', () => {
  const { clock, service, heard, hostOf } = lab();
  hostOf('192.0.2.1');
  clock.advance(5_000);
  assert.deepEqual(heard, ['192.0.2.1 ']);
  service.answer('name of 192.0.2.1', 'a.test');
  hostOf('192.0.2.1');
  service.answer('addresses of a.test', '192.0.2.1');
  assert.deepEqual(heard, ['192.0.2.1 ', '192.0.2.1 a.test']);
});

test('two are looked up at a time, the others in their turn, and when too many wait one has no name', () => {
  const { service, names, heard } = lab();
  const ask = (name: string) => names.addressesOf(name, (found) => heard.push(`${name} ${found}`));
  for (let i = 0; i < 258; i++) ask(`n${i}`);
  assert.deepEqual(service.asked, ['addresses of n0', 'addresses of n1']);
  assert.deepEqual(heard, []);
  ask('late');
  assert.deepEqual(heard, ['late ']);
  service.answer('addresses of n1', '192.0.2.1');
  assert.deepEqual(service.asked.slice(2), ['addresses of n2']);
});

test("the machine's own names are known to the system", async () => {
  const names = new ClientNames(new VirtualClock());
  const open = setInterval(() => {}, 1000);
  const addresses = await new Promise<readonly string[]>((resolve) => names.addressesOf('localhost', resolve));
  clearInterval(open);
  assert.ok(addresses.includes('127.0.0.1') || addresses.includes('::1'));
});
