// A status view as it was once read from mod_jk 1.2.48: an lb worker with three members, one of them in error, one
// disabled, and an ajp worker.

import type { AjpView, JkStatusView, LbView, MapView, MemberView } from '../../../../src/admin/jk-status/view.ts';
import type { StatusWorkerSettings } from '../../../../src/site/jk/model-jk.ts';

export const NOW = 1_795_279_078;

export const SETTINGS: StatusWorkerSettings = {
  css: undefined,
  prefix: 'worker',
  ns: 'jk:',
  xmlns: 'xmlns:jk="http://tomcat.apache.org"',
  doctype: undefined,
  isReadOnly: false,
  users: [],
  ignoresUserCase: false,
  good: [],
  bad: [],
};

export function member(name: string, port: number, other: Partial<MemberView> = {}): MemberView {
  return {
    name,
    type: 'ajp13',
    host: '127.0.0.1',
    port,
    address: `127.0.0.1:${port}`,
    source: 'undefined',
    poolTimeoutSeconds: 600,
    pingTimeoutMs: 10_000,
    connectTimeoutMs: 10_000,
    prepostTimeoutMs: 10_000,
    replyTimeoutMs: 5000,
    retries: 2,
    retryIntervalMs: 100,
    pingIntervalSeconds: 100,
    recoveryOptions: 0,
    busyLimit: 0,
    maxPacketSize: 8192,
    used: 0,
    errors: 0,
    clientErrors: 0,
    replyTimeouts: 0,
    transferred: 0,
    read: 0,
    busy: 0,
    maxBusy: 0,
    connected: 0,
    maxConnected: 0,
    lastResetAt: NOW - 1,
    errorAt: undefined,
    state: 'OK',
    activation: 'active',
    factor: 1,
    route: name,
    redirect: '',
    domain: '',
    distance: 0,
    mult: 3,
    value: 0,
    sessions: 0,
    recoverMinSeconds: 0,
    recoverMaxSeconds: 0,
    ...other,
  };
}

export function map(uri: string, type: string, other: Partial<MapView> = {}): MapView {
  return {
    server: 'www.example.test',
    uri,
    type,
    source: 'JkMount',
    replyTimeoutMs: -1,
    stickyIgnore: false,
    stateless: false,
    failOnStatus: '',
    active: '',
    disabled: '',
    stopped: '',
    useServerErrors: 0,
    ...other,
  };
}

const SERVED = { used: 5, sessions: 5, maxBusy: 1, maxConnected: 1 };

export const LB: LbView = {
  kind: 'lb',
  name: 'lb',
  isSticky: true,
  isForced: false,
  retries: 2,
  retryIntervalMs: 100,
  recoverSeconds: 60,
  escalationSeconds: 30,
  maxReplyTimeouts: 0,
  method: 'request',
  lock: 'optimistic',
  good: 1,
  degraded: 1,
  bad: 1,
  busy: 0,
  maxBusy: 1,
  maintenanceMinSeconds: 59,
  maintenanceMaxSeconds: 119,
  lastResetAt: NOW - 1,
  members: [
    member('a', 18_101, { ...SERVED, domain: 'd1', value: 15, transferred: 965, read: 3725, connected: 1 }),
    member('b', 18_102, {
      ...SERVED,
      factor: 3,
      mult: 1,
      redirect: 'c',
      state: 'ERR',
      value: 5,
      errors: 1,
      transferred: 772,
      read: 2980,
      recoverMinSeconds: 60,
      recoverMaxSeconds: 120,
      errorAt: NOW,
    }),
    member('c', 18_103, { activation: 'disabled', route: 'routec', distance: 1, state: 'OK/IDLE' }),
  ],
  maps: [map('/x/static/*', 'Unmount Wildchar'), map('/x/*', 'Wildchar'), map('/x', 'Exact')],
};

export const SOLO: AjpView = {
  ...member('solo', 18_104, {
    poolTimeoutSeconds: 0,
    connectTimeoutMs: 0,
    prepostTimeoutMs: 0,
    replyTimeoutMs: 0,
    pingIntervalSeconds: 0,
    used: 1,
    transferred: 186,
    read: 711,
    maxBusy: 1,
    connected: 1,
    maxConnected: 1,
  }),
  kind: 'ajp',
  maps: [map('/solo/*', 'Wildchar', { replyTimeoutMs: 1000 })],
};

export const VIEW: JkStatusView = {
  serverName: 'www.example.test',
  serverPort: 80,
  now: NOW,
  webServer: 'Catflap',
  jkVersion: 'mod_jk/1.2.48',
  workers: [LB, SOLO, { kind: 'other', name: 'st' }],
  dump: ['ServerRoot=/srv/httpd', 'worker.list=lb,solo,st', 'worker.stu.xmlns=xmlns:x="urn:x"'],
};
