// Puts load on a front: wrk for requests, sockets of our own for idle connections.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpConnection } from '../test/support/client.ts';
import type { Case } from './cases.ts';
import { SECURE_OFFSET } from './fronts.ts';

export interface LoadResult {
  requests: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  /** Connections refused or broken, timeouts, answers other than 2xx and 3xx. */
  errors: number;
}

/** Drives the case at the port with wrk for this long, from one thread. */
export function drive(each: Case, port: number, seconds: number): Promise<LoadResult> {
  const script = join(tmpdir(), `bench-${process.pid}-${each.name}.lua`);
  writeFileSync(script, luaScript(each));
  const words = ['-t1', `-c${each.connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script];
  return new Promise((resolve, reject) => {
    execFile('/usr/bin/wrk', [...words, urlOf(each, port)], (failure, said) => {
      const line = /^result (.*)$/m.exec(said)?.[1];
      if (failure !== null || line === undefined) return reject(failure ?? new Error(`wrk said: ${said}`));
      return resolve(JSON.parse(line));
    });
  });
}

function urlOf({ path, isSecure }: Case, port: number): string {
  return isSecure === true ? `https://127.0.0.1:${port + SECURE_OFFSET}${path}` : `http://127.0.0.1:${port}${path}`;
}

function luaScript(each: Case): string {
  return `wrk.method = "${each.method}"
${each.headers.map(([name, value]) => `wrk.headers["${name}"] = "${value}"`).join('\n')}
${each.bodyBytes > 0 ? `wrk.body = string.rep("x", ${each.bodyBytes})` : ''}
done = function(summary, latency, requests)
  local e = summary.errors
  print(string.format('result {"requests":%d,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f,"errors":%d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}

/** Opens connections, asks once on each, and leaves them open. */
export async function openIdle(port: number, count: number): Promise<HttpConnection[]> {
  const open: HttpConnection[] = [];
  const AT_ONCE = 50;
  for (let at = 0; at < count; at += AT_ONCE) {
    const some = await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - at) }, async () => {
        const connection = await HttpConnection.open(port);
        const { status } = await connection.request({ path: '/1k', headers: [['Connection', 'keep-alive']] });
        if (status !== 200) throw new Error(`connection ${at}: status ${status}`);
        return connection;
      }),
    );
    open.push(...some);
  }
  return open;
}
