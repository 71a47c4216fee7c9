// A Snapshot at work: its hosts with their settings, logs and media types, and its balancers with their backends. A
// reload builds a new one beside the old; balancers of the same name keep their state, members their connections.

import type { BalancerConfig } from '../balancer/config.ts';
import type { HeartbeatServices } from '../balancer/loads.ts';
import type { Clock } from '../base/clock.ts';
import type { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { diskFiles, type FileReader } from '../config/files.ts';
import type { Link } from '../link/link.ts';
import { AccessLog } from '../listener/access-log.ts';
import type { ConnectionFacts } from '../listener/exchange.ts';
import type { LogSinks } from '../listener/log-sinks.ts';
import type { Overlay } from '../site/changes/overlay.ts';
import { HostChooser, type HostTrace } from '../site/host.ts';
import { logTargets } from '../site/log-targets.ts';
import { usesEncodedForm } from '../site/mapping.ts';
import type { BalancerKey, Host, JkWorker, Snapshot } from '../site/model.ts';
import { everySettings, HostSettings } from '../site/settings.ts';
import { HealthChecks } from './health/health-checks.ts';
import { jkEventLog, jkRequestLogs } from './jk/jk-logs.ts';
import { readsJkNotes } from './jk/jk-notes.ts';
import { JkRules } from './jk/jk-rules.ts';
import { RunningBalancers } from './running-balancers.ts';
import { DEFAULT_MEDIA_TYPES, loadMediaTypes, type MediaTypes } from './static/mime.ts';
import { likenessOf, type TlsLikeness } from './tls/tls-hosts.ts';
import { TlsStore } from './tls/tls-store.ts';
import type { Resolve } from './upstream/backend.ts';
import { SiteMaintenance } from './upstream/maintenance.ts';
import { setsManners, sparesClients } from './upstream/manners.ts';
import type { ProxiedBalancer } from './upstream/proxied-balancer.ts';
import { UpstreamTls } from './upstream/upstream-tls.ts';

/** What serving needs besides the snapshot. */
export interface SiteServices {
  readonly link: Link;
  readonly log: Log;
  readonly sinks: LogSinks;
  readonly resolve: Resolve;
  /** For lbmethod=heartbeat. Default: nothing is heard. */
  readonly heartbeats?: HeartbeatServices | undefined;
  /** Files that the configuration names. Default: the machine's. */
  readonly files?: FileReader | undefined;
  /** Files of certificates. Default: read anew. */
  readonly tlsStore?: TlsStore;
  /** Changes made at run time in an earlier life of the server; only for a site that follows no other. */
  readonly overlay?: Overlay | undefined;
  /** Hears of every change that operators make at run time, when it is in force. */
  readonly changed?: ((balancers: RunningBalancers) => void) | undefined;
}

/** How often pools are looked through for connections that are too old. */
const SWEEP_MS = 1_000;

export class RunningHost {
  readonly host: Host;
  readonly settings: HostSettings;
  readonly accessLogs: readonly AccessLog[];
  readonly mediaTypes: MediaTypes;
  /** Some mapping looks at the encoded form of paths. */
  readonly usesEncodedForm: boolean;
  /** Something reads environment variables of a request, so those about balancing are worth setting. */
  readonly readsEnvironment: boolean;
  /** What another host must have in common with it to share connections. */
  readonly likeness: TlsLikeness;
  /** Rules may set variables that change how backends are spoken to (`manners.ts`), or clients. */
  readonly setsManners: boolean;
  readonly sparesClients: boolean;
  /** Rules of mod_jk; undefined where nothing can come of them. */
  readonly jk: JkRules | undefined;
  /** Some log shows notes of mod_jk. */
  readonly keepsJkAccounts: boolean;
  /** What mod_jk logs of each request (JkRequestLogFormat). */
  readonly jkLogs: readonly AccessLog[];

  constructor(
    host: Host,
    services: SiteServices,
    typesOf: (path: string | undefined) => MediaTypes,
    workers: ReadonlyMap<string, JkWorker>,
  ) {
    this.host = host;
    this.settings = new HostSettings(host);
    this.likeness = likenessOf(host.tls);
    this.usesEncodedForm = usesEncodedForm(host);
    this.accessLogs = host.accessLogs.map(
      (log) => new AccessLog(log.format, log.condition, services.sinks.open(log.target)),
    );
    this.mediaTypes = typesOf(host.typesConfig);
    this.setsManners = setsManners(host);
    this.sparesClients = sparesClients(host);
    this.jk = host.jk === undefined ? undefined : new JkRules(host.jk, workers, services.link.clock, services.log);
    this.jkLogs = jkRequestLogs(host, services);
    this.keepsJkAccounts = host.jk !== undefined && readsJkNotes(host);
    this.readsEnvironment =
      host.accessLogs.length > 0 ||
      everySettings(host).some(
        ({ headerOps, errorDocuments }) => headerOps !== undefined || errorDocuments !== undefined,
      );
  }
}

export class RunningSite {
  readonly snapshot: Snapshot;
  readonly balancers: RunningBalancers;
  /** Speaks TLS to backends. */
  readonly tlsClients: UpstreamTls;
  readonly #chooser: HostChooser;
  readonly #hosts: ReadonlyMap<Host, RunningHost>;
  readonly health: HealthChecks;
  /** Hears of mod_jk's workers, and of requests to them: the log, and JkLogFile if there is one. */
  readonly jkLog: Log;
  readonly #byId: ReadonlyMap<string, RunningHost>;
  readonly #link: Link;
  /** Of mod_jk's workers. */
  readonly #maintenance: SiteMaintenance | undefined;
  /** What a folder without index is answered: with mod_autoindex it exists and may not be listed, without it does not. */
  readonly folderStatus: 403 | 404;
  readonly clock: Clock;
  /** Exchanges in progress; whoever lends visits counts. */
  visitCount = 0;
  #isRetired = false;
  #whenEmpty: (() => void) | undefined = undefined;

  /** @throws Failure when a log cannot be opened or a certificate cannot be used */
  constructor(snapshot: Snapshot, services: SiteServices, previous?: RunningSite) {
    this.snapshot = snapshot;
    this.#link = services.link;
    this.clock = services.link.clock;
    this.folderStatus = snapshot.server.modules.has('autoindex') ? 403 : 404;
    this.#chooser = new HostChooser(snapshot);
    const files = services.files ?? diskFiles;
    const typesOf = mediaTypesReader(files, services.log);
    const workers = snapshot.jk?.workers ?? new Map<string, JkWorker>();
    this.#hosts = new Map(
      [snapshot.mainHost, ...snapshot.hosts].map((host) => [host, new RunningHost(host, services, typesOf, workers)]),
    );
    const store = services.tlsStore ?? new TlsStore(files, services.log);
    const settings = [snapshot.mainHost, ...snapshot.hosts].flatMap(everySettings);
    this.tlsClients = new UpstreamTls(settings, store, services.link.clock, services.log);
    this.#byId = new Map([...this.#hosts.values()].map((running) => [running.host.id, running]));
    const configured = [...snapshot.balancers].map(
      ([key, config]) => [key, withHostChoices(config, snapshot.mainHost)] as const,
    );
    this.health = new HealthChecks(snapshot, services.log, this.tlsClients);
    this.jkLog = jkEventLog(snapshot.mainHost, services);
    const { jk } = snapshot;
    const looksAfter = jk && new SiteMaintenance(jk.maintainMs, jk.watchdogMs, services.link, () => this.balancers);
    this.#maintenance = looksAfter;
    this.balancers = new RunningBalancers(
      new Map(configured),
      { ...services, jkLog: this.jkLog, maintenance: this.#maintenance },
      this.health,
      previous?.balancers,
      services.overlay,
    );
    this.#sweep();
  }

  balancer(key: BalancerKey): ProxiedBalancer | undefined {
    return this.balancers.get(key);
  }

  /** The host for a request. @param name host name the client addressed, without port; undefined when it named none */
  hostFor(localAddress: string, localPort: number, name: string | undefined, trace?: HostTrace): RunningHost {
    return this.#hosts.get(this.#chooser.choose(localAddress, localPort, name, trace)) as RunningHost;
  }

  /** The rules of mod_jk of one host of the snapshot, as they are now. */
  jkRulesOf(host: Host): JkRules | undefined {
    return this.#hosts.get(host)?.jk;
  }

  /** A request for mod_jk that goes to no Tomcat. Those that do bring maintenance about by themselves. */
  maintainJk(): void {
    this.#maintenance?.requestComes();
  }

  /** The host of this id; undefined when a reload has taken it away. */
  hostById(id: string): RunningHost | undefined {
    return this.#byId.get(id);
  }

  /** Whether names choose between hosts at the address that a connection came to. */
  isNameBased({ localAddress, localPort }: ConnectionFacts): boolean {
    return this.#chooser.groupAt(localAddress, localPort).length > 1;
  }

  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** Nothing new comes to this site. @param whenEmpty called once, when no exchange is in progress any more */
  retire(whenEmpty?: () => void): void {
    this.#isRetired = true;
    this.#whenEmpty = whenEmpty;
    this.health.stop();
    this.#maintenance?.stop();
    for (const host of this.#hosts.values()) host.jk?.stop();
    for (const balancer of this.balancers) balancer.retire();
    this.lookWhetherEmpty();
  }

  /** For whoever takes visits back after the site was retired. */
  lookWhetherEmpty(): void {
    if (this.visitCount > 0) return;
    const tell = this.#whenEmpty;
    this.#whenEmpty = undefined;
    tell?.();
  }

  /** Logs that lines may still be written to, as `LogSinks` knows them. */
  get logTargets(): string[] {
    return logTargets(this.snapshot);
  }

  #sweep(): void {
    this.#link.clock.after(SWEEP_MS, () => {
      if (this.#isRetired) return;
      for (const balancer of this.balancers) balancer.closeOld();
      this.#sweep();
    });
  }
}

/** ProxyIOBufferSize (the AJP packet size too) and ProxySourceAddress are for members without their own. */
function withHostChoices(config: BalancerConfig, { ioBufferSizeBytes, sourceAddress }: Host): BalancerConfig {
  const members = config.members.map((member) => ({
    ...member,
    ioBufferSize: member.ioBufferSize ?? ioBufferSizeBytes,
    localAddress: member.localAddress ?? sourceAddress,
  }));
  return { ...config, members };
}

/** Reads each TypesConfig once. One that is missing costs types, not the start. */
function mediaTypesReader(files: FileReader, log: Log): (path: string | undefined) => MediaTypes {
  const known = new Map<string, MediaTypes>();
  return (path) => {
    if (path === undefined) return DEFAULT_MEDIA_TYPES;
    let types = known.get(path);
    if (types !== undefined) return types;
    try {
      types = loadMediaTypes(path, files);
    } catch (error) {
      log.warn('media-types-unread', { file: path, error: (error as Failure).message });
      types = DEFAULT_MEDIA_TYPES;
    }
    known.set(path, types);
    return types;
  };
}
