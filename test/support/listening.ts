// Which TCP ports a process listens on, as the kernel knows it.

import { readFileSync } from 'node:fs';
import { descriptors, processTree } from './child.ts';

const LISTEN = '0A';

/** Ports that the process and its descendants listen on, in order. */
export function listeningPorts(pid: number): number[] {
  const own = new Set(processTree(pid).flatMap((each) => descriptors(each)));
  const ports = new Set<number>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6'])
    for (const line of linesOf(table)) {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === LISTEN && own.has(`socket:[${inode}]`)) ports.add(Number.parseInt(local.split(':')[1] ?? '', 16));
    }
  return [...ports].sort((a, b) => a - b);
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').split('\n').slice(1);
  } catch {
    return []; // a kernel without IPv6
  }
}
