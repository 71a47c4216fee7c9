// A Snapshot at work: its hosts with their settings, logs and media types, and its balancers with their backends. A
// reload builds a new one beside the old; balancers of the same name keep their state, members their connections.

import type { BalancerConfig } from '../balancer/config.ts';
import type { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { Link } from '../link/link.ts';
import { AccessLog } from '../listener/access-log.ts';
import type { LogSinks } from '../listener/log-sinks.ts';
import { HostChooser } from '../site/host.ts';
import { usesEncodedForm } from '../site/mapping.ts';
import type { BalancerKey, DirectorySettings, Host, Section, Snapshot } from '../site/model.ts';
import type { Overlay } from '../site/overlay.ts';
import { HostSettings } from '../site/settings.ts';
import type { Resolve } from './backend.ts';
import { DEFAULT_MEDIA_TYPES, loadMediaTypes, type MediaTypes } from './mime.ts';
import type { ProxiedBalancer } from './proxied-balancer.ts';
import { RunningBalancers } from './running-balancers.ts';

/** What serving needs besides the snapshot. */
export interface SiteServices {
  readonly link: Link;
  readonly log: Log;
  readonly sinks: LogSinks;
  readonly resolve: Resolve;
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

  constructor(host: Host, services: SiteServices) {
    this.host = host;
    this.settings = new HostSettings(host);
    this.usesEncodedForm = usesEncodedForm(host);
    this.accessLogs = host.accessLogs.map(
      (log) => new AccessLog(log.format, log.condition, services.sinks.open(log.target)),
    );
    this.mediaTypes = mediaTypesOf(host.typesConfig, services.log);
    this.readsEnvironment =
      host.accessLogs.length > 0 || everySettings(host).some((settings) => settings.headerOps !== undefined);
  }
}

export class RunningSite {
  readonly snapshot: Snapshot;
  readonly balancers: RunningBalancers;
  readonly #chooser: HostChooser;
  readonly #hosts: ReadonlyMap<Host, RunningHost>;
  readonly #link: Link;
  /** What a folder without index is answered: with mod_autoindex it exists and may not be listed, without it does not. */
  readonly folderStatus: 403 | 404;
  #isRetired = false;

  /** @throws Failure when a log cannot be opened */
  constructor(snapshot: Snapshot, services: SiteServices, previous?: RunningSite) {
    this.snapshot = snapshot;
    this.#link = services.link;
    this.folderStatus = snapshot.server.modules.has('autoindex') ? 403 : 404;
    this.#chooser = new HostChooser(snapshot);
    this.#hosts = new Map(
      [snapshot.mainHost, ...snapshot.hosts].map((host) => [host, new RunningHost(host, services)]),
    );
    const { ioBufferSizeBytes } = snapshot.mainHost;
    const configured = [...snapshot.balancers].map(
      ([key, config]) => [key, withBufferSize(config, ioBufferSizeBytes)] as const,
    );
    this.balancers = new RunningBalancers(new Map(configured), services, previous?.balancers, services.overlay);
    this.#sweep();
  }

  balancer(key: BalancerKey): ProxiedBalancer | undefined {
    return this.balancers.get(key);
  }

  /** The host for a request. @param name host name the client addressed, without port; undefined when it named none */
  hostFor(localAddress: string, localPort: number, name: string | undefined): RunningHost {
    return this.#hosts.get(this.#chooser.choose(localAddress, localPort, name)) as RunningHost;
  }

  /** Nothing new comes to this site. */
  retire(): void {
    this.#isRetired = true;
    for (const balancer of this.balancers) balancer.retire();
  }

  #sweep(): void {
    this.#link.clock.after(SWEEP_MS, () => {
      if (this.#isRetired) return;
      for (const balancer of this.balancers) balancer.closeOld();
      this.#sweep();
    });
  }
}

/** ProxyIOBufferSize is for members that name no size of their own; it is the AJP packet size too. */
function withBufferSize(config: BalancerConfig, size: number): BalancerConfig {
  return {
    ...config,
    members: config.members.map((member) =>
      member.ioBufferSize === undefined ? { ...member, ioBufferSize: size } : member,
    ),
  };
}

function everySettings(host: Host): DirectorySettings[] {
  const { directories, files, locations, proxies } = host.sections;
  const ofSections = (sections: readonly Section[]): DirectorySettings[] => sections.map((section) => section.settings);
  return [
    host.defaults,
    ...ofSections(directories),
    ...ofSections(files),
    ...ofSections(locations),
    ...ofSections(proxies),
  ];
}

const mediaTypesByPath = new Map<string, MediaTypes>();

/** A missing TypesConfig costs types, not the start. */
function mediaTypesOf(path: string | undefined, log: Log): MediaTypes {
  if (path === undefined) return DEFAULT_MEDIA_TYPES;
  const known = mediaTypesByPath.get(path);
  if (known !== undefined) return known;
  try {
    const types = loadMediaTypes(path);
    mediaTypesByPath.set(path, types);
    return types;
  } catch (error) {
    log.warn('media-types-unread', { file: path, error: (error as Failure).message });
    return DEFAULT_MEDIA_TYPES;
  }
}
