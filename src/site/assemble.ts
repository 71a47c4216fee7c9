// From drafts to the model: virtual hosts get what the main server has, mappings find their balancers and workers, and
// what httpd assumes where nothing is said is written down. Source: modproxy.md §2, §4.16, and httpd 2.4.71 observed.

import { posix } from 'node:path';
import {
  type BalancerConfig,
  defaultBalancer,
  defaultMember,
  defaultStickiness,
  type MemberConfig,
} from '../balancer/config.ts';
import type { ConfigTree } from '../config/httpd/tree.ts';
import { remoteIpOf } from './access/remote-ip.ts';
import { resolveMapping, sections, settings } from './assemble-sections.ts';
import type { BalancerChoices, BalancerDraft, WorkerDraft } from './balancer-draft.ts';
import type { HostChoices, HostDraft, SiteDraft } from './draft.ts';
import { assembleJkHost } from './jk/assemble-jk.ts';
import { assembleWorkers } from './jk/assemble-workers.ts';
import { accessLogs } from './logs.ts';
import type { BalancerKey, HeartbeatSettings, Host, JkMount, ReadTimeout, ServerSettings, Snapshot } from './model.ts';
import type { HostView } from './resolve-target.ts';
import { hostRewriting, rewriteMaps, withEngine } from './rewriting/assemble-rewriting.ts';
import { mergeSettings } from './settings.ts';
import { assembleTls } from './tls/assemble-tls.ts';

/** Makes the Snapshot. @param hostName name of this machine, for a main server without ServerName */
export function assemble(site: SiteDraft, tree: ConfigTree, hostName: string): Omit<Snapshot, 'findings'> {
  const workers = assembleWorkers(site);
  const workerMounts = workers?.mounts ?? [];
  const balancers = new Map<BalancerKey, BalancerConfig>(workers?.balancers);
  const ids = hostIds(site, hostName);
  const mainView = viewOfMain(site, balancers);
  const main = assembleHost(site.main, site, mainView, 'main', hostName, workerMounts);
  const hosts = site.hosts.map((host, i) => {
    const view = viewOfHost(host, site, ids[i], mainView, balancers);
    return assembleHost(host, site, view, ids[i], hostName, workerMounts);
  });
  return {
    serverRoot: tree.serverRoot,
    listens: site.listens,
    mainHost: main,
    hosts,
    balancers,
    jk: workers?.jk,
    healthExpressions: site.healthExpressions,
    server: serverSettings(site, tree),
    files: [...new Set([...tree.files, ...(workers?.files ?? []), ...mapFiles([main, ...hosts])])],
  };
}

function mapFiles(hosts: readonly Host[]): string[] {
  return hosts.flatMap(({ jk }) => jk?.mountFile?.path ?? []);
}

/** `name:port`, with `#2` and so on when several hosts are called the same. */
function hostIds(site: SiteDraft, hostName: string): string[] {
  const seen = new Map<string, number>();
  return site.hosts.map((host) => {
    const name = host.serverName?.name ?? site.main.serverName?.name ?? hostName;
    const port = host.serverName?.port ?? host.addresses[0]?.port ?? '*';
    const id = `${name}:${port}`;
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    return count === 1 ? id : `${id}#${count}`;
  });
}

function serverSettings(site: SiteDraft, tree: ConfigTree): ServerSettings {
  const runtimeDir = site.server.runtimeDir ?? `${tree.serverRoot}/logs`;
  return {
    user: undefined,
    group: undefined,
    pidFile: undefined,
    runtimeDir,
    listenBacklog: 511,
    gracefulShutdownTimeoutMs: 0,
    extendedStatus: true,
    serverTokens: 'full',
    sniPolicy: 'secure',
    passPhraseProgram: undefined,
    ...site.server,
    heartbeat: heartbeatSettings(site, tree, runtimeDir),
    defines: tree.defines,
    modules: tree.modules,
    places: site.main.places,
  };
}

function heartbeatSettings(site: SiteDraft, tree: ConfigTree, runtimeDir: string): HeartbeatSettings {
  const { listen, storage = 'hb.dat', maxServers = 10 } = site.heartbeat;
  const isKept = maxServers > 0 && (listen !== undefined || tree.modules.has('heartmonitor'));
  return { listen, storage: posix.resolve(runtimeDir, storage), maxServers, isKept };
}

// --- balancers and workers ------------------------------------------------------------------------------------------

function viewOfMain(site: SiteDraft, all: Map<BalancerKey, BalancerConfig>): HostView {
  const balancers = new Map<string, BalancerKey>();
  for (const draft of site.main.balancers.values()) {
    const key = `balancer://${draft.name}`;
    all.set(key, balancerConfig(draft, draft.members, withProbe(draft.choices, site.main), site.main));
    balancers.set(draft.name, key);
  }
  return { balancers, workers: addWorkers(site.main, '', all), prefix: '', findings: site.findings };
}

/** A balancer that the main server has too keeps its members from there; what the host says of it lies over that. */
function viewOfHost(
  host: HostDraft,
  site: SiteDraft,
  id: string,
  mainView: HostView,
  all: Map<BalancerKey, BalancerConfig>,
): HostView {
  const inherits = inheritsBalancers(host, site.main);
  const main: HostView = inherits ? mainView : { ...mainView, balancers: new Map(), workers: [] };
  const balancers = new Map(main.balancers);
  for (const draft of host.balancers.values()) {
    const inherited = inherits ? site.main.balancers.get(draft.name) : undefined;
    if (inherited !== undefined && draft.members.length > 0) {
      site.findings.warn(
        draft.members[0].place,
        'BalancerMember',
        'members-hidden',
        `balancer://${draft.name} belongs to the main server (line ${inherited.place.line} of ${inherited.place.file}): these members are never used; rename one of the two`,
      );
    }
    if (inherited !== undefined && Object.keys(draft.choices).length === 0) continue;
    const key = `${id}|balancer://${draft.name}`;
    const members = inherited?.members ?? draft.members;
    const choices = { ...inherited?.choices, ...draft.choices };
    all.set(key, balancerConfig(draft, members, withProbe(choices, host, site.main), host));
    balancers.set(draft.name, key);
  }
  for (const worker of host.workers) {
    const inherited = main.workers.find((entry) => entry.worker.address.url === worker.address.url)?.worker;
    if (inherited !== undefined)
      site.findings.warn(
        worker.place,
        '',
        'worker-shared',
        `the main server's worker of the same URL (line ${inherited.place.line} of ${inherited.place.file}) serves this one: parameters given here are ignored`,
      );
  }
  const workers = [...main.workers, ...addWorkers(host, `${id}|`, all)];
  return { balancers, workers, prefix: inherits ? '' : `${id}|`, findings: site.findings };
}

/** Only both directives together keep the main server's balancers from a host that proxies itself (measured). */
function inheritsBalancers(host: HostDraft, main: HostDraft): boolean {
  const { choices } = host;
  const isOff =
    (choices.balancerInherit ?? main.choices.balancerInherit) === false &&
    (choices.proxyPassInherit ?? main.choices.proxyPassInherit) === false;
  const hasOwn =
    host.balancers.size + host.workers.length + host.mappings.length > 0 ||
    choices.balancerInherit !== undefined ||
    choices.proxyPassInherit !== undefined;
  return !isOff || !hasOwn;
}

function addWorkers(host: HostDraft, prefix: string, all: Map<BalancerKey, BalancerConfig>): HostView['workers'] {
  return host.workers.map((worker) => {
    const key = `${prefix}${worker.address.url}`;
    all.set(
      key,
      defaultBalancer(worker.address.url, [memberConfig(worker, host)], { policy: 'direct', place: worker.place }),
    );
    return { worker, key };
  });
}

/** @param host where the member is used: its ProxyIOBufferSize and ProxySourceAddress are for members without their own */
function memberConfig(worker: WorkerDraft, host: HostDraft): MemberConfig {
  const { ioBufferSizeBytes, sourceAddress } = host.choices;
  return defaultMember(worker.address, {
    ...(ioBufferSizeBytes === undefined ? {} : { ioBufferSize: ioBufferSizeBytes }),
    ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }),
    ...worker.choices,
    written: [...Object.keys(worker.choices), ...Object.keys(worker.choices.pool)],
    place: worker.place,
  });
}

/** CatflapProbe of the host, or else of the main server, where the balancer has none of its own. */
function withProbe(choices: BalancerChoices, ...hosts: readonly HostDraft[]): BalancerChoices {
  const probeMs = choices.probeMs ?? hosts.find((host) => host.probeMs !== undefined)?.probeMs;
  return probeMs === undefined ? choices : { ...choices, probeMs };
}

function balancerConfig(
  draft: BalancerDraft,
  members: readonly WorkerDraft[],
  choices: BalancerChoices,
  host: HostDraft,
): BalancerConfig {
  const { cookieName, pathName, separator, semicolonEnds, force, ...rest } = choices;
  const hasStickiness = cookieName !== undefined && (cookieName !== '' || pathName !== '');
  const stickiness = defaultStickiness(cookieName ?? '', {
    pathName: pathName ?? cookieName ?? '',
    separator: separator === undefined ? '.' : separator.char,
    semicolonEnds: semicolonEnds ?? false,
    force: force ?? false,
  });
  return defaultBalancer(
    draft.name,
    members.map((member) => memberConfig(member, host)),
    {
      ...rest,
      place: draft.place,
      parameterPlaces: draft.parameterPlaces,
      ...(hasStickiness ? { stickiness } : { dormantStickiness: stickiness }),
    },
  );
}

// --- hosts ----------------------------------------------------------------------------------------------------------

const DEFAULT_CHOICES = {
  logLevel: 'warn',
  timeoutMs: 60_000,
  keepAlive: true,
  keepAliveTimeoutMs: 5000,
  maxKeepAliveRequests: 100,
  lineBytes: 8190,
  fieldBytes: 8190,
  fieldCount: 100,
  readHandshake: { initialMs: 0, maximumMs: undefined, minimumRateBytesPerSecond: 0 } as ReadTimeout,
  readHeader: { initialMs: 20_000, maximumMs: 40_000, minimumRateBytesPerSecond: 500 } as ReadTimeout,
  readBody: { initialMs: 20_000, maximumMs: undefined, minimumRateBytesPerSecond: 500 } as ReadTimeout,
  allowEncodedSlashes: 'off',
  mergeSlashes: true,
  via: 'off',
  ioBufferSizeBytes: 8192,
  receiveBufferSizeBytes: 0,
  badHeader: 'is-error',
  traceEnable: 'on',
  useCanonicalName: 'off',
  useCanonicalPhysicalPort: false,
  hostnameLookups: false,
  protocols: ['http/1.1'],
  persistsChanges: false,
  balancerInherit: true,
  proxyPassInherit: true,
  proxyStatus: 'off',
} as const satisfies HostChoices;

function assembleHost(
  draft: HostDraft,
  site: SiteDraft,
  view: HostView,
  id: string,
  hostName: string,
  workerMounts: readonly JkMount[],
): Host {
  const { main } = site;
  const choices: HostChoices & typeof DEFAULT_CHOICES = {
    ...DEFAULT_CHOICES,
    ...(main.choices as object),
    // A host does not inherit this one, as observed: what the main server allows is Off in hosts that say nothing.
    ...(draft.isMain ? {} : { allowEncodedSlashes: DEFAULT_CHOICES.allowEncodedSlashes }),
    ...(draft.choices as object),
  };
  const { lineBytes, fieldBytes, fieldCount, readHandshake, readHeader, readBody, remoteIp: _own, ...rest } = choices;
  const inherits = <T>(pick: (host: HostDraft) => readonly T[]): T[] =>
    draft.isMain ? [...pick(main)] : [...pick(main), ...pick(draft)];
  const own = <T>(pick: (host: HostDraft) => readonly T[]): T[] =>
    draft.isMain ? [...pick(main)] : [...pick(draft), ...pick(main)];
  const defaults = settings(main.defaults, view);
  const name = draft.serverName ?? main.serverName;
  return {
    ...rest,
    remoteIp: remoteIpOf(draft, main),
    id,
    addresses: draft.addresses,
    serverName: name?.name ?? hostName,
    serverPort: name?.port,
    serverScheme: name?.scheme,
    hasOwnServerName: draft.serverName !== undefined,
    aliases: draft.aliases,
    serverAdmin: choices.serverAdmin,
    documentRoot: choices.documentRoot,
    errorLog: choices.errorLog,
    typesConfig: choices.typesConfig,
    proxyTimeoutMs: choices.proxyTimeoutMs,
    sourceAddress: choices.sourceAddress,
    maxForwards: choices.maxForwards,
    aliasRules: own((host) => host.aliasRules),
    redirectRules: own((host) => host.redirectRules),
    mappings: inherits((host) => host.mappings).map((mapping) => resolveMapping(mapping, view)),
    rewriting: hostRewriting(draft, main, view),
    rewriteMaps: rewriteMaps(draft, main),
    balancers: view.balancers,
    earlyEnvRules: inherits((host) => host.earlyEnvRules),
    defaults: withEngine(
      draft.isMain ? defaults : mergeSettings(defaults, settings(draft.defaults, view)),
      draft,
      main,
    ),
    sections: sections(
      inherits((host) => host.sections),
      view,
    ),
    accessLogs: accessLogs(draft, site),
    limits: { lineBytes, fieldBytes, fieldCount },
    requestReadTimeout: {
      handshake: readHandshake.initialMs === 0 ? undefined : readHandshake,
      header: readHeader.initialMs === 0 ? undefined : readHeader,
      body: readBody.initialMs === 0 ? undefined : readBody,
    },
    tls: assembleTls(draft, site),
    strictSni: draft.strictSni ?? main.strictSni ?? false,
    jk: assembleJkHost(draft, site, workerMounts),
    place: draft.place,
    places: draft.isMain ? main.places : new Map([...main.places, ...draft.places]),
  };
}
