// A connector with an application for tests: on a free port, on either hosting, closed when the test is over.

import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { Connector, type ConnectorOptions } from '../../src/appserver/connector.ts';
import { systemClock } from '../../src/base/clock.ts';
import { MemoryLog } from '../../src/base/log.ts';
import { Link } from '../../src/link/link.ts';

export type Hosting = 'facade' | 'reparse';
export const HOSTINGS: readonly Hosting[] = ['facade', 'reparse'];

export interface RunningConnector {
  connector: Connector;
  port: number;
  log: MemoryLog;
}

export function makeConnector(
  application: RequestListener | undefined,
  options: ConnectorOptions = {},
): { connector: Connector; log: MemoryLog } {
  const log = new MemoryLog();
  return { connector: new Connector(application, options, new Link(systemClock, log), log), log };
}

/** Runs `use` while the application can be reached at `port`. */
export async function withConnector(
  application: RequestListener,
  options: ConnectorOptions,
  use: (running: RunningConnector) => Promise<void>,
): Promise<void> {
  const { connector, log } = makeConnector(application, options);
  await once(connector.listen(0), 'listening');
  try {
    await use({ connector, log, port: connector.address()?.port ?? 0 });
  } finally {
    connector.closeAllConnections();
    const closed = once(connector, 'close');
    connector.close();
    await closed;
  }
}
