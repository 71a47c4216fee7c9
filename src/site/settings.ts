// Settings that hold for one request: the host's defaults with every section that matches laid over them, in httpd's
// order. Merged once per set of sections and kept, so a request that meets known sections allocates nothing.
// Source: httpd's documentation "Configuration Sections"; recordings P-MAP-14, P-ACL-*; access override as observed.

import type { ExpressionSubject } from '../config/expression/expression.ts';
import { mergeAccess } from './access/access-merge.ts';
import { joinEnvOps } from './env-rules.ts';
import type {
  DirectorySettings,
  Host,
  MimeSettings,
  OptionChange,
  OptionName,
  Section,
  TlsOptionName,
} from './model.ts';
import { mergeRewriting } from './rewriting/rewrite-merge.ts';

/** Sets of sections kept merged per host; beyond it each request merges anew. */
const MAX_MERGED_SETS = 4096;

interface Merged {
  readonly settings: DirectorySettings;
  /** What was laid over the host's defaults, in that order. */
  readonly sections: readonly Section[];
  /** By the next section that matches. */
  readonly next: Map<Section, Merged>;
}

/** Whoever conditions are asked about. */
export interface Asker {
  readonly subject: ExpressionSubject;
  /** A named group of the pattern of LocationMatch, DirectoryMatch, FilesMatch or ProxyMatch: `MATCH_` and its name. */
  captured?(variable: string, value: string): void;
}

/** Finds the settings of requests to one host. */
export class HostSettings {
  readonly #host: Host;
  readonly #root: Merged;
  readonly #sections = new WeakMap<DirectorySettings, readonly Section[]>();
  /** Sections whose patterns have named groups. */
  readonly #named: ReadonlySet<Section>;
  #kept = 1;

  constructor(host: Host) {
    this.#host = host;
    this.#root = { settings: host.defaults, sections: [], next: new Map() };
    this.#named = new Set(everySection(host).filter(hasNamedGroups));
  }

  /** False when `<Proxy>` sections cannot matter, and the proxied URL need not be put together. */
  get needsProxiedUrl(): boolean {
    return this.#host.sections.proxies.length > 0;
  }

  /**
   * Before it is known who answers: defaults and Location sections. Mappings and access by path come from here.
   * @param asker whom conditions are asked about; without one no section on a condition is in force
   */
  forPath(path: string, asker: Asker | undefined): DirectorySettings {
    return this.#conditions(this.#locations(this.#root, path, asker), asker).settings;
  }

  /** For a request that is proxied: Proxy sections take the place of Directory and Files. */
  forProxied(path: string, proxiedUrl: string, asker: Asker | undefined): DirectorySettings {
    let merged = this.#root;
    for (const section of this.#host.sections.proxies)
      if (matchesProxy(section, proxiedUrl)) merged = this.#step(merged, section, proxiedUrl, asker);
    return this.#conditions(this.#locations(merged, path, asker), asker).settings;
  }

  /** For a request that is answered with a file or directory. @param file absolute path; a directory's without slash */
  forFile(path: string, file: string, asker: Asker | undefined): DirectorySettings {
    const { directories, files } = this.#host.sections;
    const directory = file.slice(0, Math.max(1, file.lastIndexOf('/')));
    const name = file.slice(file.lastIndexOf('/') + 1);
    let merged = this.#root;
    for (const section of directories)
      if (matchesDirectory(section, directory) || matchesDirectory(section, file))
        merged = this.#step(merged, section, directory, asker);
    for (const section of merged.settings.files ?? [])
      if (matchesName(section, name)) merged = this.#step(merged, section, name, asker);
    for (const section of files) if (matchesName(section, name)) merged = this.#step(merged, section, name, asker);
    return this.#conditions(this.#locations(merged, path, asker), asker).settings;
  }

  /** The sections that these settings were merged from, in the order of merging; none for the host's own. */
  sectionsIn(settings: DirectorySettings): readonly Section[] {
    return this.#sections.get(settings) ?? [];
  }

  /** Level by level: sections within a condition that holds are asked when all of its level were (as in httpd). */
  #conditions(from: Merged, asker: Asker | undefined): Merged {
    let merged = from;
    let level = from.settings.conditions;
    while (level !== undefined && level.length > 0 && asker !== undefined) {
      const next: Section[] = [];
      let hasHeld = false;
      for (const section of level) {
        const { matcher } = section;
        if (matcher.kind !== 'condition' || (matcher.isElse && hasHeld)) continue;
        hasHeld = matcher.expression?.test(asker.subject) ?? true;
        if (!hasHeld) continue;
        merged = this.#step(merged, section, '', asker);
        if (section.settings.conditions !== undefined) next.push(...section.settings.conditions);
      }
      level = next;
    }
    return merged;
  }

  #locations(from: Merged, path: string, asker: Asker | undefined): Merged {
    let merged = from;
    const sections = this.#host.sections.locations;
    for (let i = 0; i < sections.length; i++)
      if (matchesLocation(sections[i], path)) merged = this.#step(merged, sections[i], path, asker);
    return merged;
  }

  /** @param text what the section's pattern was compared with */
  #step(merged: Merged, section: Section, text: string, asker: Asker | undefined): Merged {
    if (this.#named.size > 0 && asker !== undefined && this.#named.has(section)) tellGroups(section, text, asker);
    const known = merged.next.get(section);
    if (known !== undefined) return known;
    const sections = [...merged.sections, section];
    const made: Merged = { settings: mergeSettings(merged.settings, section.settings), sections, next: new Map() };
    this.#sections.set(made.settings, sections);
    if (this.#kept < MAX_MERGED_SETS) {
      merged.next.set(section, made);
      this.#kept++;
    }
    return made;
  }
}

/** Sections outside conditions, those within directories too. */
function everySection(host: Host): Section[] {
  const { directories, files, locations, proxies } = host.sections;
  return [
    ...directories,
    ...directories.flatMap(({ settings }) => settings.files ?? []),
    ...files,
    ...locations,
    ...proxies,
  ];
}

function hasNamedGroups({ matcher }: Section): boolean {
  return matcher.kind === 'regex' && /\(\?<[^=!]/.test(matcher.regex.source);
}

function tellGroups({ matcher }: Section, text: string, asker: Asker): void {
  if (matcher.kind !== 'regex') return;
  const groups = matcher.regex.exec(text)?.groups ?? {};
  for (const [name, value] of Object.entries(groups))
    if (value !== undefined) asker.captured?.(`MATCH_${name.toUpperCase()}`, value);
}

/** Settings outside sections and those of every section, none merged. */
export function everySettings(host: Host): DirectorySettings[] {
  const { directories, files, locations, proxies } = host.sections;
  const ofSections = (sections: readonly Section[] = []): DirectorySettings[] =>
    sections.flatMap(({ settings }) => of(settings));
  const of = (settings: DirectorySettings): DirectorySettings[] => [
    settings,
    ...ofSections(settings.files),
    ...ofSections(settings.conditions),
  ];
  return [
    ...of(host.defaults),
    ...ofSections(directories),
    ...ofSections(files),
    ...ofSections(locations),
    ...ofSections(proxies),
  ];
}

/** @param path decoded and normalised */
export function matchesLocation(section: Section, path: string): boolean {
  const { matcher } = section;
  // Location counts runs of slashes as one whatever MergeSlashes says, LocationMatch as they are (httpd).
  if (matcher.kind === 'path') return isWithin(matcher.path, path.includes('//') ? path.replace(/\/+/g, '/') : path);
  return (matcher.kind === 'glob' || matcher.kind === 'regex') && matcher.regex.test(path);
}

function matchesDirectory(section: Section, directory: string): boolean {
  const { matcher } = section;
  if (matcher.kind === 'path') return isWithin(matcher.path, directory);
  if (matcher.kind === 'glob') return matcher.regex.test(directory);
  return matcher.kind === 'regex' && (matcher.regex.test(directory) || matcher.regex.test(`${directory}/`));
}

function matchesName(section: Section, name: string): boolean {
  const { matcher } = section;
  if (matcher.kind === 'name') return matcher.name === name;
  return (matcher.kind === 'glob' || matcher.kind === 'regex') && matcher.regex.test(name);
}

function matchesProxy(section: Section, url: string): boolean {
  const { matcher } = section;
  if (matcher.kind === 'url-prefix') return url.startsWith(matcher.prefix);
  return (matcher.kind === 'glob' || matcher.kind === 'regex') && matcher.regex.test(url);
}

/** The path itself or something below it; `/a/` holds only what is below. */
function isWithin(outer: string, path: string): boolean {
  if (!path.startsWith(outer)) return false;
  return outer.endsWith('/') || path.length === outer.length || path[outer.length] === '/';
}

/** Lays `over` over `base`: most settings replace, rules that run in order are appended. */
export function mergeSettings(base: DirectorySettings, over: DirectorySettings): DirectorySettings {
  const access = mergeAccess(base.access, over.access);
  return {
    ...base,
    ...over,
    ...(access === undefined ? {} : { access }),
    ...joined('reverseRules', base, over),
    ...joined('envIfRules', base, over),
    ...(base.envOps !== undefined && over.envOps !== undefined ? { envOps: joinEnvOps(base.envOps, over.envOps) } : {}),
    ...joined('headerOps', base, over),
    ...joined('files', base, over),
    ...joined('conditions', base, over),
    // The innermost Redirect is tried first, as in mod_alias.
    ...joined('redirectRules', over, base),
    ...(base.errorDocuments !== undefined && over.errorDocuments !== undefined
      ? { errorDocuments: new Map([...base.errorDocuments, ...over.errorDocuments]) }
      : {}),
    ...(base.tlsOptions !== undefined && over.tlsOptions !== undefined
      ? { tlsOptions: mergeOptions(base.tlsOptions, over.tlsOptions) }
      : {}),
    ...(base.upstreamTls !== undefined && over.upstreamTls !== undefined
      ? { upstreamTls: { ...base.upstreamTls, ...over.upstreamTls } }
      : {}),
    ...(base.options !== undefined && over.options !== undefined
      ? { options: mergeOptions(base.options, over.options) }
      : {}),
    ...(base.rewriting !== undefined && over.rewriting !== undefined
      ? { rewriting: mergeRewriting(base.rewriting, over.rewriting) }
      : {}),
    ...(base.mime !== undefined && over.mime !== undefined ? { mime: mergeMime(base.mime, over.mime) } : {}),
  };
}

type ListKey = 'reverseRules' | 'envIfRules' | 'headerOps' | 'files' | 'conditions' | 'redirectRules';

function joined<K extends ListKey>(
  key: K,
  first: DirectorySettings,
  second: DirectorySettings,
): Partial<DirectorySettings> {
  const a = first[key];
  const b = second[key];
  if (a === undefined || b === undefined) return {};
  return { [key]: [...a, ...b] };
}

function mergeOptions<Name extends string>(base: OptionChange<Name>, over: OptionChange<Name>): OptionChange<Name> {
  if (over.isAbsolute) return over;
  const without = (names: readonly Name[], gone: readonly Name[]) => names.filter((name) => !gone.includes(name));
  return {
    isAbsolute: base.isAbsolute,
    add: [...without(base.add, over.remove), ...without(over.add, base.add)],
    remove: [...without(base.remove, over.add), ...without(over.remove, base.remove)],
  };
}

/** Whether an option of SSLOptions is on. */
export function hasTlsOption({ tlsOptions }: DirectorySettings, name: TlsOptionName): boolean {
  return tlsOptions?.add.includes(name) ?? false;
}

/** What httpd gives a directory of which no Options line speaks. */
const DEFAULT_OPTIONS: readonly OptionName[] = ['FollowSymLinks'];

/** Whether an option is on. */
export function hasOption(settings: DirectorySettings, name: OptionName): boolean {
  const change = settings.options;
  if (change === undefined) return DEFAULT_OPTIONS.includes(name);
  if (change.add.includes(name)) return true;
  return !change.isAbsolute && !change.remove.includes(name) && DEFAULT_OPTIONS.includes(name);
}

function mergeMime(base: MimeSettings, over: MimeSettings): MimeSettings {
  return {
    types: new Map([...base.types, ...over.types]),
    encodings: new Map([...base.encodings, ...over.encodings]),
    charsets: new Map([...base.charsets, ...over.charsets]),
    languages: new Map([...base.languages, ...over.languages]),
    handlers: new Map([...base.handlers, ...over.handlers]),
  };
}
