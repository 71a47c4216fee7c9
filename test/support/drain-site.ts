// Two Node application servers with sessions behind a front that speaks workers.properties: for watching how a disabled
// member becomes empty. The context is /app, the members are n1 and n2, the balancer lb, the status worker at /jkstatus.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { Connector } from '../../src/appserver/connector.ts';
import { fetchOnce } from './client.ts';
import { makeConnector } from './connector.ts';
import { Front, type FrontKind } from './front.ts';

export const ROUTES = ['n1', 'n2'] as const;
export type Route = (typeof ROUTES)[number];
type Activation = 'active' | 'disabled' | 'stopped';

export interface DrainSiteOptions {
  readonly applications: Readonly<Record<Route, RequestListener>>;
  /** Default active. */
  readonly activation?: Partial<Record<Route, Activation>>;
  /** More lines of workers.properties. */
  readonly properties?: string;
}

export class DrainSite {
  readonly front: Front;
  readonly #connectors: readonly Connector[];
  /** Requests that have reached each member. */
  readonly arrivals: Readonly<Record<Route, Arrivals>>;

  private constructor(front: Front, connectors: readonly Connector[], arrivals: Record<Route, Arrivals>) {
    this.front = front;
    this.#connectors = connectors;
    this.arrivals = arrivals;
  }

  static async start(kind: FrontKind, options: DrainSiteOptions): Promise<DrainSite> {
    const arrivals: Record<Route, Arrivals> = { n1: new Arrivals(), n2: new Arrivals() };
    const connectors: Connector[] = [];
    const lines = ['worker.list=lb,jkstatus', 'worker.jkstatus.type=status', 'worker.lb.type=lb'];
    lines.push(`worker.lb.balance_workers=${ROUTES.join()}`, options.properties ?? '');
    for (const route of ROUTES) {
      const application = options.applications[route];
      const { connector } = makeConnector((req, res) => {
        arrivals[route].add();
        application(req, res);
      });
      await once(connector.listen(0), 'listening');
      connectors.push(connector);
      const own = ['type=ajp13', 'host=127.0.0.1', `port=${connector.address()?.port}`];
      own.push(`activation=${options.activation?.[route] ?? 'active'}`);
      lines.push(...own.map((line) => `worker.${route}.${line}`));
    }
    try {
      const front = await Front.start(kind, {
        jk: true,
        conf: `MaxKeepAliveRequests 0
KeepAliveTimeout 60
JkWorkersFile @DIR@/workers.properties
JkLogFile @DIR@/jk.log
JkShmFile @DIR@/rt/jk.shm
JkMount /app|/* lb
JkMount /jkstatus jkstatus
`,
        files: { 'workers.properties': `${lines.join('\n')}\n` },
      });
      return new DrainSite(front, connectors, arrivals);
    } catch (refusal) {
      for (const connector of connectors) await shut(connector);
      throw refusal;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.front.stop();
    for (const connector of this.#connectors) await shut(connector);
  }

  /** Asks the status worker for the change, as scripts do. */
  async activate(route: Route, activation: 'a' | 'd' | 's'): Promise<void> {
    const path = `/jkstatus?cmd=update&w=lb&sw=${route}&vwa=${activation}&mime=txt`;
    const answer = await fetchOnce(this.front.port, { path });
    assert.match(answer.body.toString('latin1'), /Action finished/);
  }
}

class Arrivals {
  count = 0;
  /** On the clock of `performance.now`. */
  lastAt = 0;

  add(): void {
    this.count++;
    this.lastAt = performance.now();
  }
}

async function shut(connector: Connector): Promise<void> {
  connector.closeAllConnections();
  const closed = once(connector, 'close');
  connector.close();
  await closed;
}
