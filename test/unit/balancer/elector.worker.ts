// A thread of threads.test.ts: joins a balancer and elects as fast as it can, together with the others.

import { parentPort, workerData } from 'node:worker_threads';
import { Balancer, type Placement } from '../../../src/balancer/balancer.ts';
import type { BalancerConfig } from '../../../src/balancer/config.ts';
import { Election } from '../../../src/balancer/election.ts';
import { Session } from '../../../src/balancer/stickiness.ts';
import { systemClock } from '../../../src/base/clock.ts';

interface Orders {
  readonly config: BalancerConfig;
  readonly placement: Placement;
  readonly thread: number;
  readonly rounds: number;
  /** One word: threads that are ready; all start when it reaches `threads`. */
  readonly gate: Int32Array;
  readonly threads: number;
}

const { config, placement, thread, rounds, gate, threads }: Orders = workerData;
const balancer = Balancer.join(config, placement, thread, {
  clock: systemClock,
  heartbeats: { loads: { ready: () => 1 }, random: Math.random },
});
const election = new Election();
const ofA = new Session();
ofA.route = 'a';
Atomics.add(gate, 0, 1);
Atomics.notify(gate, 0);
for (let ready = Atomics.load(gate, 0); ready < threads; ready = Atomics.load(gate, 0))
  Atomics.wait(gate, 0, ready, 100);

for (let i = 0; i < rounds; i++) {
  const member = balancer.elect(i % 5 === 0 ? ofA : undefined, election);
  if (member === undefined) throw new Error('nobody was elected');
  balancer.began(member);
  balancer.finished(member, election, 'served', 1, 2);
}
parentPort?.postMessage('done');
