// `catflap status` shows workers of mod_jk as it shows balancers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../src/base/clock.ts';
import { statusText } from '../../../src/cli/status-text.ts';
import { ControlRegistry } from '../../../src/control/registry.ts';
import { registerFrontend } from '../../../src/frontend/report.ts';
import { Manager } from '../admin/manager.ts';

const CONF = `LoadModule jk_module modules/mod_jk.so
JkWorkerProperty worker.list=lb,solo
JkWorkerProperty worker.lb.type=lb
JkWorkerProperty worker.lb.balance_workers=a,b
JkWorkerProperty worker.lb.method=B
JkWorkerProperty worker.a.host=10.0.0.1
JkWorkerProperty worker.b.host=10.0.0.2
JkWorkerProperty worker.b.activation=d
JkWorkerProperty worker.b.lbfactor=3
JkWorkerProperty worker.solo.host=10.0.0.3
JkMount /x/* lb
`;

test('lb workers are shown with members, activation and state', async () => {
  await using site = await Manager.open(CONF);
  const registry = new ControlRegistry();
  registerFrontend(registry, site.server, new VirtualClock());
  const status = {
    ...Object.fromEntries(['listeners', 'balancers', 'logs'].map((name) => [name, registry.read(name)])),
    process: { version: '1', pid: 1, uptimeSeconds: 1, file: 'f', generation: 1, warnings: 0, reloads: { last: null } },
  };
  const text = statusText(status);
  assert.match(text, /^lb worker lb, busyness, sticky by JSESSIONID$/m);
  assert.match(text, /^ {2}a ajp:\/\/10\.0\.0\.1:8009 +a +active OK\/IDLE +1 /m);
  assert.match(text, /^ {2}b ajp:\/\/10\.0\.0\.2:8009 +b +disabled OK\/IDLE +3 /m);
  assert.match(text, /^worker solo$/m);
});
