// From drafts to the model: what mod_jk does for each host, with what the main server passes on to virtual hosts, and the
// findings that need all of it. Source: how mod_jk 1.2.48 merges hosts, observed.

import type { Place } from '../../config/finding.ts';
import { readRules } from '../../config/modjk/uriworkermap.ts';
import type { HostDraft, SiteDraft } from '../draft.ts';
import type { JkHostDraft } from './jk-draft.ts';
import {
  DEFAULT_JK_INDICATORS,
  DEFAULT_JK_OPTIONS,
  type JkEnvVar,
  type JkHost,
  type JkLog,
  type JkMount,
  type JkMountFile,
  type JkOptions,
} from './model-jk.ts';
import { sortMounts } from './mounts.ts';
import { mountOf, readMounts } from './read-mounts.ts';

/** JkMountFileReload where nothing is said. */
const RELOAD_MS = 60_000;
const STAMP_FORMAT = '[%a %b %d %H:%M:%S.%Q %Y] ';

/**
 * What mod_jk does for a host.
 * @param workerMounts worker.X.mount: rules of the main server
 * @returns undefined where the site has nothing of mod_jk
 */
export function assembleJkHost(
  draft: HostDraft,
  site: SiteDraft,
  workerMounts: readonly JkMount[],
): JkHost | undefined {
  if (!site.jk.isUsed && workerMounts.length === 0) return undefined;
  const main = site.main.jk;
  const own = draft.jk;
  const mounting = mountsOf(draft, site, workerMounts);
  const strip = own.stripSession ?? main.stripSession;
  if (!hasRules(draft, site)) tellWithoutRules(draft, site);
  return {
    ...mounting,
    stripSession: strip?.isOn === true && hasRules(draft, site) ? strip.parameter : undefined,
    workerIndicator: own.workerIndicator ?? main.workerIndicator ?? 'JK_WORKER_NAME',
    options: {
      ...optionsOf(own, main),
      // Said of rules: it comes with them.
      ...(sharesRules(draft, site) ? { rejectUnsafeUri: optionsOf(main, main).rejectUnsafeUri } : {}),
    },
    envVars: envVarsOf(own, main),
    extractsSsl: own.extractsSsl ?? main.extractsSsl ?? true,
    indicators: { ...DEFAULT_JK_INDICATORS, ...main.indicators, ...own.indicators },
    requestLogFormat: own.requestLogFormat ?? main.requestLogFormat,
    log: jkLogOf(draft, site),
  };
}

/** JkLogFile, JkLogLevel, JkLogStampFormat of a host. */
export function jkLogOf(draft: HostDraft, site: SiteDraft): JkLog {
  return { file: undefined, level: 'info', stampFormat: STAMP_FORMAT, ...site.main.jk.log, ...draft.jk.log };
}

// --- rules ----------------------------------------------------------------------------------------------------------

/**
 * A host without rules of its own to which the main server's are copied has exactly those. One that has some gets the main
 * server's JkMount lines for paths that it does not name itself, and the map file if it has none, but nothing of
 * worker.X.mount.
 */
function mountsOf(
  draft: HostDraft,
  site: SiteDraft,
  workerMounts: readonly JkMount[],
): Pick<JkHost, 'mounts' | 'mountFile' | 'autoAlias'> {
  const { main } = site;
  const isCopy = copies(draft, site);
  const isMain = draft.isMain || sharesRules(draft, site);
  const source = isMain ? main.jk : draft.jk;
  const written = new Map(source.mounts);
  if (isCopy && !isMain) for (const [key, said] of main.jk.mounts) if (!written.has(key)) written.set(key, said);
  const mounts: JkMount[] = [];
  for (const [key, { text, place }] of written)
    for (const rule of readRules(key, text, place)) mounts.push(mountOf(rule, 'JkMount', site.findings));
  const file = source.mountFile ?? (isCopy ? main.jk.mountFile : undefined);
  const reloadMs = draft.jk.mountFileReloadMs ?? main.jk.mountFileReloadMs ?? RELOAD_MS;
  return {
    mounts: sortMounts(isMain ? [...mounts, ...workerMounts] : mounts),
    mountFile:
      file === undefined
        ? undefined
        : readMountFile(file, isMain ? (main.jk.mountFileReloadMs ?? RELOAD_MS) : reloadMs, site),
    autoAlias: hasRules(draft, site) ? (draft.jk.autoAlias ?? (isCopy ? main.jk.autoAlias : undefined)) : undefined,
  };
}

function readMountFile(said: { text: string; place: Place }, reloadMs: number, site: SiteDraft): JkMountFile {
  const { text: path, place } = said;
  let mounts: JkMount[] = [];
  if (site.files.kind(path) === 'file') {
    try {
      mounts = readMounts(Buffer.from(site.files.read(path)).toString('latin1'), path, site);
    } catch (error) {
      site.findings.error(
        place,
        'JkMountFile',
        'file-unreadable',
        `${path} cannot be read: ${(error as Error).message}`,
      );
    }
  }
  return { path, reloadMs, mounts: sortMounts(mounts), place };
}

function copies(draft: HostDraft, site: SiteDraft): boolean {
  return !draft.isMain && (draft.jk.copiesMounts ?? site.jk.copiesMounts);
}

/** mod_jk looks at files of a host (JkAutoAlias, JkStripSession) only where it has rules, own ones or copied. */
function hasRules(draft: HostDraft, site: SiteDraft): boolean {
  return draft.isMain || copies(draft, site) || draft.jk.mounts.size > 0 || draft.jk.mountFile !== undefined;
}

function tellWithoutRules({ jk, places }: HostDraft, { findings }: SiteDraft): void {
  const said = [
    ...(jk.autoAlias === undefined ? [] : ['JkAutoAlias']),
    ...(jk.stripSession?.isOn === true ? ['JkStripSession'] : []),
  ];
  for (const directive of said) {
    const place = places.get(directive.toLowerCase());
    const told = 'does nothing in a host without rules, nor does it under mod_jk; add a JkMount, or JkMountCopy On';
    if (place !== undefined) findings.warn(place, directive, 'no-rules', told);
  }
}

/** Whether a virtual host has the main server's rules and no others. */
function sharesRules(draft: HostDraft, site: SiteDraft): boolean {
  return copies(draft, site) && draft.jk.mounts.size === 0 && draft.jk.mountFile === undefined;
}

// --- options --------------------------------------------------------------------------------------------------------

/** What the main server switches on holds in hosts too, unless either switches it off. */
function optionsOf(own: JkHostDraft, main: JkHostDraft): JkOptions {
  const { forwardUri, ...defaults } = DEFAULT_JK_OPTIONS;
  const switches = Object.entries(defaults).map(([name, byDefault]) => {
    const option = name as keyof typeof defaults;
    const isInherited = (byDefault || main.added.has(option)) && !main.removed.has(option);
    return [option, (isInherited || own.added.has(option)) && !own.removed.has(option)];
  });
  return {
    ...(Object.fromEntries(switches) as typeof defaults),
    forwardUri: own.forwardUri ?? main.forwardUri ?? forwardUri,
  };
}

function envVarsOf(own: JkHostDraft, main: JkHostDraft): JkEnvVar[] {
  const inherited = own === main ? [] : [...main.envVars].filter(([name]) => !own.envVars.has(name));
  return [...own.envVars.values(), ...inherited.map(([, variable]) => variable)];
}
