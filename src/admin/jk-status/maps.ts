// The rules that lead to a worker, of all hosts, as mod_jk shows them: the main server's first, then the virtual hosts'
// from the last to the first (observed), each in the order in which rules are tried.

import type { Activation } from '../../balancer/lb-config.ts';
import type { RunningSite } from '../../frontend/running-site.ts';
import type { JkMount } from '../../site/jk/model-jk.ts';
import type { Host } from '../../site/model.ts';
import type { MapView } from './view.ts';

/** The rules that name a worker, and those that name all. */
export type MapsOf = (worker: string) => MapView[];

export function mapsOfSite(site: RunningSite): MapsOf {
  const { mainHost, hosts } = site.snapshot;
  const all = [mainHost, ...hosts.toReversed()].flatMap((host) => {
    const server = serverText(host, host === mainHost);
    return (site.jkRulesOf(host)?.table.mounts ?? []).map((mount) => ({ mount, server }));
  });
  return (worker) =>
    all
      .filter(({ mount }) => mount.worker === worker || mount.worker === '*')
      .map(({ mount, server }) => mapView(mount, server));
}

/** `www.example.test:80` with the port of ServerName; a virtual host with its first address. */
function serverText({ serverName, serverPort, addresses }: Host, isMain: boolean): string {
  if (isMain) return serverPort === undefined ? serverName : `${serverName}:${serverPort}`;
  const [first] = addresses;
  if (first === undefined) return serverName;
  return `${serverName} [${first.address ?? '*'}${first.port === undefined ? '' : `:${first.port}`}]`;
}

function mapView({ pattern, isExclusion, isDisabled, source, rules }: JkMount, server: string): MapView {
  const kind = /[*?]/.test(pattern) ? 'Wildchar' : 'Exact';
  const members = (wish: Activation) =>
    [...(rules?.activations ?? [])].flatMap(([name, activation]) => (activation === wish ? [name] : [])).join(',');
  return {
    server,
    uri: pattern,
    type: `${isDisabled ? 'Disabled ' : ''}${isExclusion ? 'Unmount ' : ''}${kind}`,
    source,
    replyTimeoutMs: rules?.replyTimeoutMs ?? -1,
    stickyIgnore: rules?.ignoresSessions === true,
    stateless: rules?.isStateless === true,
    failOnStatus: (rules?.failOnStatus ?? []).map(({ status, isSoft }) => (isSoft ? -status : status)).join(','),
    active: members('active'),
    disabled: members('disabled'),
    stopped: members('stopped'),
    useServerErrors: rules?.useServerErrorsFrom ?? 0,
  };
}
