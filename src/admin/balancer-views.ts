// What a balancer-manager sees of a host's balancers: configuration of the file and in force, members at work, and the
// few facts that only its pages show.

import { type BalancerConfig, defaultPort, type MemberAddress, type MemberConfig } from '../balancer/config.ts';
import type { Member } from '../balancer/member.ts';
import type { RunningSite } from '../frontend/running-site.ts';
import type { ProxiedBalancer } from '../frontend/upstream/proxied-balancer.ts';
import { type BalancerChanges, roomOf } from '../site/changes/overlay.ts';
import type { BalancerKey, Host, Mapping } from '../site/model.ts';
import { parseWorkerUrl, servesUrl } from '../site/worker-url.ts';

export interface BalancerView {
  readonly key: BalancerKey;
  readonly name: string;
  /** What a change must bring along; '' when none is taken (`nonce=None`). */
  readonly nonce: string;
  /** What the file says; its members have only what is written there. */
  readonly file: BalancerConfig;
  readonly changes: BalancerChanges;
  readonly running: ProxiedBalancer;
  /** In force. */
  readonly config: BalancerConfig;
  readonly members: readonly Member[];
  /** Path of the last ProxyPass to it; `/` for none. */
  readonly path: string;
  /** MaxMembers: members of the file and `growth=`. */
  readonly room: number;
}

/** The balancers a host sees: the main server's first, as in httpd. */
export function viewBalancers(
  site: RunningSite,
  host: Host,
  nonceOf: (key: BalancerKey, config: BalancerConfig) => string,
): BalancerView[] {
  return [...host.balancers].flatMap(([name, key]) => {
    const running = site.balancer(key);
    const file = site.snapshot.balancers.get(key);
    if (running === undefined || file === undefined) return [];
    const { config, members } = running.balancer;
    const changes = site.balancers.changesOf(key);
    const room = roomOf(file);
    return [
      { key, name, nonce: nonceOf(key, file), file, changes, running, config, members, path: pathTo(host, key), room },
    ];
  });
}

/** The member that a URL names: itself, or the longest whose name begins it. */
export function memberNamed(view: BalancerView, url: string): Member | undefined {
  const parsed = parseWorkerUrl(url);
  const name = parsed.ok ? shownUrl(parsed.address) : url;
  let best: Member | undefined;
  for (const member of view.members) {
    const shown = shownUrl(member.config);
    if (servesUrl(shown, name) && (best === undefined || shown.length > shownUrl(best.config).length)) best = member;
  }
  return best;
}

/** A member's URL as httpd's pages name it: the port that its scheme has anyway is left out. */
export function shownUrl({ url, scheme, port }: MemberAddress): string {
  return port === defaultPort(scheme)
    ? url.replace(/^((?:unix:[^|]*\|)?\w+:\/\/(?:\[[^\]]*\]|[^/:]*)):\d+/, '$1')
    : url;
}

/** The member as the file has it; undefined for one that was added at run time. */
export function fileMember(view: BalancerView, member: Member): MemberConfig | undefined {
  return view.file.members.find(({ url }) => url === member.config.url);
}

function pathTo(host: Host, key: BalancerKey): string {
  const ofSections = host.sections.locations.flatMap(({ settings }) => settings.mapping ?? []);
  const paths = [...host.mappings, ...ofSections].flatMap(({ pattern, target }: Mapping) =>
    pattern.kind === 'prefix' && target.kind === 'proxy' && target.balancer === key ? [pattern.path] : [],
  );
  return paths.at(-1) ?? '/';
}
