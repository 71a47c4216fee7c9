// Shared by the tests of `explain`: a cluster, and questions about it to fresh frontends.

import assert from 'node:assert/strict';
import { VirtualClock } from '../../../src/base/clock.ts';
import { MemoryFiles } from '../../../src/config/files.ts';
import { formatFinding } from '../../../src/config/finding.ts';
import type { Explanation } from '../../../src/frontend/explain/explanation.ts';
import { explainRequest, freshFrontend, type Question } from '../../../src/frontend/explain/rehearsal.ts';
import { loadSite } from '../../../src/site/load.ts';

/** Asks about a URL under a configuration, whose first line is line 1. */
export function explain(conf: string, question: string | Question): Promise<Explanation> {
  const { snapshot, findings } = loadSite({
    file: '/srv/httpd.conf',
    files: new MemoryFiles({ '/srv/httpd.conf': `${conf}\n`, '/srv/logs/x': '' }),
    environment: {},
    assumeFiles: true,
  });
  assert.ok(snapshot, findings.map(formatFinding).join('\n'));
  const frontend = freshFrontend(snapshot, new VirtualClock());
  return explainRequest(frontend, typeof question === 'string' ? { url: question } : question);
}

export const CLUSTER = `Listen 8080
ServerName www.test
ProxyPass /app/static !
ProxyPass /app/ balancer://c/app/ stickysession=JSESSIONID|jsessionid
<Proxy balancer://c>
BalancerMember ajp://10.0.0.1:8009 route=a secret=sesame
BalancerMember ajp://10.0.0.2:8009 route=b
BalancerMember ajp://10.0.0.3:8009 route=s status=+H
</Proxy>`;

export function withCookie(cookie: string, url = '/app/x'): Question {
  return { url, headers: [['Cookie', cookie]] };
}
