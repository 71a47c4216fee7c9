// A balancer-manager in a running frontend, for the tests of this room: asked over a socket, as a script would.

import assert from 'node:assert/strict';
import { managerPages } from '../../../src/admin/pages.ts';
import { VirtualClock } from '../../../src/base/clock.ts';
import { MemoryLog } from '../../../src/base/log.ts';
import { MemoryFiles } from '../../../src/config/files.ts';
import { formatFinding } from '../../../src/config/finding.ts';
import { FrontendServer, type FrontendServices } from '../../../src/frontend/server.ts';
import { loadSite } from '../../../src/site/load.ts';
import type { Snapshot } from '../../../src/site/model.ts';
import { type Conversation, fetchOnce, type HeaderLines, headerOf } from '../../support/client.ts';
import { freePort } from '../../support/port.ts';

export const CONF = `<Proxy balancer://c>
BalancerMember http://a.test route=a
BalancerMember http://b.test route=b loadfactor=3
ProxySet growth=1 nonce=n
</Proxy>
ProxyPass /x balancer://c/x
<Location /bm>
SetHandler balancer-manager
</Location>
`;

export function snapshotOf(text: string, port: number): Snapshot {
  const head = `Listen 127.0.0.1:${port}\nServerName front.test\n`;
  const { snapshot, findings } = loadSite({
    file: '/srv/httpd.conf',
    files: new MemoryFiles({ '/srv/httpd.conf': `${head}${text}\n`, '/srv/htdocs/x': '' }),
    environment: {},
  });
  assert.ok(snapshot, findings.map(formatFinding).join('\n'));
  return snapshot;
}

export class Manager implements AsyncDisposable {
  readonly log: MemoryLog;
  readonly server: FrontendServer;
  readonly port: number;

  private constructor(server: FrontendServer, port: number, log: MemoryLog) {
    this.server = server;
    this.port = port;
    this.log = log;
  }

  static async open(conf = CONF, services: Partial<FrontendServices> = {}): Promise<Manager> {
    const port = await freePort();
    const log = new MemoryLog();
    const server = new FrontendServer(snapshotOf(conf, port), {
      clock: new VirtualClock(),
      log,
      pages: managerPages(log),
      ...services,
    });
    await server.listen();
    return new Manager(server, port, log);
  }

  async reload(conf: string): Promise<void> {
    await this.server.reload(snapshotOf(conf, this.port));
  }

  ask(method: string, path: string, body?: string, headers?: HeaderLines): Promise<Conversation> {
    return fetchOnce(this.port, {
      method,
      path,
      host: 'front.test',
      headers: headers ?? [['Referer', 'http://front.test/bm']],
      ...(body === undefined ? {} : { body }),
    });
  }

  async get(query = ''): Promise<string> {
    return (await this.ask('GET', `/bm${query}`)).body.toString('latin1');
  }

  /** Sends a form for balancer c. */
  async post(parameters: string): Promise<{ status: number | undefined; page: string; refused: string[] }> {
    const answer = await this.ask('POST', '/bm', `b=c&nonce=n&${parameters}`);
    const page = answer.body.toString('latin1');
    return {
      status: answer.status,
      page,
      refused: [...page.matchAll(/<p class='refused'>(.*?)<\/p>/g)].map(([, why]) => why),
    };
  }

  /** Cells of the members' table of the first balancer, by row. */
  async rows(): Promise<string[][]> {
    return rowsOf(await this.get());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.cut();
    await this.server.stop();
  }
}

export function rowsOf(page: string): string[][] {
  return [...page.matchAll(/<tr>\n<td><a .*?<\/tr>/g)].map(([row]) =>
    [...row.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell]) => cell.replace(/<[^>]*>/g, '')),
  );
}

export { headerOf };
