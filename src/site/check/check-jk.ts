// What is probably not meant in the files of mod_jk that load: rules that lead nowhere, a status worker that is open to
// everybody, and what check-jk-lb.ts finds in lb workers. Part of `check.ts`. Source: modjk.md §1.2, §7.

import { similarNames } from '../../config/expression/names.ts';
import type { Findings } from '../../config/finding.ts';
import { shown } from '../../config/modjk/properties.ts';
import type { Host, JkMount, JkSite, Snapshot } from '../model.ts';
import { HostSettings } from '../settings.ts';
import { checkLb } from './check-jk-lb.ts';
import { checkRules } from './check-jk-rules.ts';
import { hidden } from './check-managers.ts';
import { letsStrangersIn } from './strangers.ts';

export function checkJk(snapshot: Snapshot, findings: Findings): void {
  const { jk, mainHost, hosts, balancers } = snapshot;
  if (jk === undefined) return;
  for (const worker of jk.workers.values()) {
    const balancer = worker.kind === 'lb' ? balancers.get(worker.balancer) : undefined;
    if (balancer?.lb !== undefined) checkLb(balancer, balancer.lb, jk, findings);
  }
  const isKnown = knowsWorkers(snapshot, jk);
  for (const host of [mainHost, ...hosts]) {
    const rules = [...(host.jk?.mounts ?? []), ...(host.jk?.mountFile?.mounts ?? [])];
    for (const rule of rules.filter(({ isDisabled }) => !isDisabled)) {
      if (isKnown) checkWorker(rule, jk, findings);
      else if (jk.file === undefined && !jk.workers.has(rule.worker) && !rule.isExclusion) {
        tellNoWorkers(rule, findings);
        return;
      }
      if (rule.isExclusion) continue;
      checkStatus(rule, jk, host, findings);
      checkRules(rule, snapshot, findings);
    }
  }
}

/** Whether something is said about workers at all; a JkWorkersFile that is assumed to be there may say it. */
function knowsWorkers({ files }: Snapshot, { places, file }: JkSite): boolean {
  return (file !== undefined && files.includes(file)) || [...places.keys()].some((key) => key.startsWith('worker.'));
}

function tellNoWorkers({ worker, place }: JkMount, findings: Findings): void {
  const told = `nothing defines workers such as ${shown(worker)}, so that requests for them are answered 500; name workers.properties with JkWorkersFile`;
  findings.warn(place, '', 'no-workers', told);
}

/** A rule whose worker is not there is in force all the same: what it matches is answered 500. */
function checkWorker({ worker, pattern, isExclusion, place }: JkMount, jk: JkSite, findings: Findings): void {
  if (jk.workers.has(worker) || (isExclusion && worker === '*')) return;
  const isDefined = [...jk.places.keys()].some((key) => key.startsWith(`worker.${worker}.`));
  const similar = similarNames(worker, jk.workers.keys()).map(shown);
  const mend = isDefined
    ? `it is defined, but not in worker.list; add it there`
    : similar.length > 0
      ? `did you mean ${similar.join(' or ')}?`
      : 'define it, and name it in worker.list';
  const effect = isExclusion
    ? `takes nothing out of any other's paths`
    : `answers requests for ${shown(pattern)} with 500`;
  findings.warn(place, '', 'unknown-worker', `there is no worker "${shown(worker)}", so the rule ${effect}; ${mend}`);
}

/** Whoever sees a status worker that is not read-only can stop every member. */
function checkStatus({ worker: name, pattern, place }: JkMount, jk: JkSite, host: Host, findings: Findings): void {
  const worker = jk.workers.get(name);
  if (worker?.kind !== 'status' || worker.settings.users.length > 0) return;
  const path = pattern.replace(/[*?].*$/, '');
  if (!letsStrangersIn(new HostSettings(host).forPath(path, undefined).access)) return;
  const can = worker.settings.isReadOnly ? 'see all workers and their addresses' : 'see all workers, and stop them';
  findings.warn(
    place,
    '',
    'status-worker-open',
    `everybody may open the status worker ${shown(name)} at ${shown(pattern)}, and ${can}: put "Require local" or "Require ip …" into <Location "${shown(path)}">${hidden(host)}`,
  );
}
