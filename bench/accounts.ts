// What the kernel has counted for a process and its descendants.

import { readdirSync, readFileSync } from 'node:fs';
import { processTree } from '../test/support/child.ts';

/** CPU time of all threads of these processes, in microseconds; nanosecond counts of the scheduler, not ticks. */
export function cpuMicroseconds(pid: number): number {
  let nanoseconds = 0;
  for (const each of processTree(pid)) {
    try {
      for (const task of readdirSync(`/proc/${each}/task`))
        nanoseconds += Number(readFileSync(`/proc/${each}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
    } catch {
      // a thread ended meanwhile
    }
  }
  return nanoseconds / 1000;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}
