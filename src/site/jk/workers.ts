// From workers.properties and JkWorkerProperty lines to workers and balancers: the entry to this story. Which properties
// there are says worker-properties.ts, what each kind of worker makes of them worker-member.ts, worker-lb.ts and
// worker-status.ts. Source: modjk.md §1.1, §2.

import { type BalancerConfig, defaultBalancer, type MemberConfig } from '../../balancer/config.ts';
import { similarNames } from '../../config/expression/names.ts';
import type { FileReader } from '../../config/files.ts';
import type { Findings, Place } from '../../config/finding.ts';
import { readProperty, shown } from '../../config/modjk/properties.ts';
import { type Entry, PropertyTable } from '../../config/modjk/property-table.ts';
import type { BalancerKey } from '../model-rules.ts';
import type { JkLog, JkMount, JkSite, JkWorker } from './model-jk.ts';
import { type OwnProperties, readOwnProperties } from './own-properties.ts';
import { readLb } from './worker-lb.ts';
import { readMember } from './worker-member.ts';
import { workerMounts } from './worker-mounts.ts';
import { repetitionOf } from './worker-properties.ts';
import { tellScopes, tellUnlisted } from './worker-reach.ts';
import { readStatusSettings } from './worker-status.ts';
import { addFile, checkNames, dumpOf, tellRepeated } from './worker-table.ts';
import { type Item, itemsOf, parseNumber, WorkerValues } from './worker-values.ts';

/** What Jk… directives and the programs say about workers. */
export interface WorkerSources {
  /** JkWorkerProperty lines, in order. They come before the file, wherever they stand. */
  readonly lines: readonly { readonly text: string; readonly place: Place }[];
  /** JkWorkersFile: absolute, with the place of the directive. That it is missing the directive has told. */
  readonly file: { readonly path: string; readonly place: Place } | undefined;
  /** Where the site begins: for findings about what is nowhere. */
  readonly place: Place;
  /** What `$(ServerRoot)` stands for in the file. */
  readonly serverRoot: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** CatflapProbe of the main server, for lbs that say nothing; 0: none. */
  readonly probeMs: number;
  /** JkWatchdogInterval. */
  readonly watchdogMs: number;
  readonly log: JkLog;
  readonly files: FileReader;
  readonly findings: Findings;
}

export interface ReadWorkers {
  readonly jk: JkSite;
  /** One of each lb and of each Tomcat that rules may name, under `jk:<name>`. */
  readonly balancers: ReadonlyMap<BalancerKey, BalancerConfig>;
  /** Rules that `worker.X.mount` makes, for the main server. */
  readonly mounts: readonly JkMount[];
  /** Files that were read. */
  readonly files: readonly string[];
}

/** Key of a worker's balancer in the Snapshot. */
function jkBalancerKey(worker: string): BalancerKey {
  return `jk:${worker}`;
}

/** The one worker that there is without worker.list. */
const DEFAULT_WORKER = 'ajp13';
const DEFAULT_MAINTAIN_SECONDS = 60;
const MS_PER_SECOND = 1000;

/** Reads all workers. What is wrong is told in `findings`; with errors among them the result is not to be used. */
export function readWorkers(sources: WorkerSources): ReadWorkers {
  const { findings, file } = sources;
  const table = new PropertyTable(sources.environment, repetitionOf, findings);
  for (const { text, place } of sources.lines) {
    const property = readProperty(text, place, findings);
    if (property !== undefined) table.add(property);
  }
  const place = file?.place ?? sources.lines[0]?.place ?? sources.place;
  table.define('ServerRoot', sources.serverRoot, place);
  const isRead = file !== undefined && addFile(table, file, sources);
  checkNames(table, findings);
  tellRepeated(table, findings);
  table.resolveReferences();
  const whole = isRead ? { file: file.path, line: 0 } : place;
  const reading = new Reading(table, sources, whole);
  return {
    jk: {
      workers: reading.workers,
      places: new Map(table.entries.map((entry) => [entry.key, entry.place])),
      maintainMs: reading.maintainMs,
      dump: dumpOf(table),
      file: file?.path,
      watchdogMs: sources.watchdogMs,
      log: sources.log,
    },
    balancers: reading.balancers,
    mounts: workerMounts(reading.listed, findings),
    files: isRead ? [file.path] : [],
  };
}

/** One pass over the workers that are named. */
class Reading {
  readonly workers = new Map<string, JkWorker>();
  readonly balancers = new Map<BalancerKey, BalancerConfig>();
  readonly maintainMs: number;
  /** Workers of worker.list. */
  readonly listed: WorkerValues[] = [];
  #isListed = true;
  readonly #table: PropertyTable;
  readonly #findings: Findings;
  readonly #places = new Map<string, Place>();
  /** Letters of what each worker is used as, as in the table of properties. */
  readonly #roles = new Map<string, string>();

  constructor(table: PropertyTable, sources: WorkerSources, whole: Place) {
    this.#table = table;
    this.#findings = sources.findings;
    for (const { key, place } of table.entries) {
      const name = nameIn(key);
      if (name !== undefined && !this.#places.has(name)) this.#places.set(name, place);
    }
    this.maintainMs = this.#readMaintain();
    const list = this.#readList(whole);
    const lbs = list.flatMap(({ text }) => (this.#typeOf(text) === 'lb' ? [text] : []));
    const own = readOwnProperties(table, lbs, this.#findings);
    for (const item of list) if (!this.workers.has(item.text)) this.#readWorker(item, own, sources.probeMs);
    tellScopes(table, this.#roles, this.#findings);
    const templates = new Set(table.entries.flatMap(({ key, value }) => (key.endsWith('.reference') ? [value] : [])));
    if (this.#isListed) tellUnlisted(this.#places, this.#roles, templates, this.#findings);
  }

  #readMaintain(): number {
    const entry = this.#table.get('worker.maintain');
    if (entry === undefined) return DEFAULT_MAINTAIN_SECONDS * MS_PER_SECOND;
    const { value, exact } = parseNumber(entry.value);
    if (!exact) this.#warn(entry, 'bad-number', `"${shown(entry.value)}" counts as ${value}; write seconds in digits`);
    return Math.max(0, value) * MS_PER_SECOND;
  }

  /** worker.list; without it mod_jk knows one worker, by the name of its type, whether or not anything is said of it. */
  #readList(whole: Place): readonly Item[] {
    const entry = this.#table.get('worker.list');
    if (entry !== undefined) return itemsOf(entry);
    const names = [...this.#places.keys()];
    if (names.length > 0 && !names.includes(DEFAULT_WORKER)) {
      const lbs = names.filter((name) => this.#typeOf(name) === 'lb');
      const wanted = (lbs.length > 0 ? lbs : names).slice(0, 3).map(shown).join(',');
      const told = `there is no worker.list, so rules can name no worker but ${DEFAULT_WORKER}, and requests for others are answered 500, as by mod_jk; add worker.list=${wanted}`;
      this.#findings.warn(whole, 'worker.list', 'no-worker-list', told);
    }
    this.#isListed = false;
    return [{ text: DEFAULT_WORKER, place: whole }];
  }

  #readWorker(item: Item, own: ReadonlyMap<string, OwnProperties>, probeMs: number): void {
    const { text: name } = item;
    const values = this.#valuesOf(item);
    const type = this.#typeOf(name);
    this.listed.push(values);
    const { place } = values;
    const balancer = jkBalancerKey(name);
    if (type === 'lb') {
      this.#use(name, 'L');
      const extras = own.get(name);
      const config = readLb(values, {
        maintainMs: this.maintainMs,
        probeMs: extras?.probeMs ?? probeMs,
        slowStartMs: extras?.slowStartMs ?? 0,
        memberOf: (member, secret) => this.#readMember(member, secret, name),
        places: this.#placesOf(name),
      });
      this.balancers.set(balancer, config);
      this.workers.set(name, { kind: 'lb', name, balancer, place });
    } else if (type === 'status') {
      this.#use(name, 'T');
      this.workers.set(name, { kind: 'status', name, settings: readStatusSettings(values), place });
    } else if (type === 'ajp13' || type === 'ajp14') {
      this.#use(name, 'A');
      this.#tellUndefined(item);
      const member = readMember(values, type, true);
      this.balancers.set(balancer, this.#direct(name, member, place));
      this.workers.set(name, { kind: 'ajp', name, type, balancer, place });
    } else {
      this.#use(name, 'A');
      this.#tellType(name, place);
    }
  }

  #direct(name: string, member: MemberConfig, place: Place): BalancerConfig {
    return defaultBalancer(name, [member], {
      policy: 'mod_jk_direct',
      place,
      parameterPlaces: this.#placesOf(name),
    });
  }

  #readMember(item: Item, secret: string, lb: string): MemberConfig | undefined {
    const { text: name } = item;
    const type = this.#typeOf(name);
    this.#use(name, 'M');
    if (type === 'ajp13' || type === 'ajp14') {
      this.#tellUndefined(item);
      return readMember(this.#valuesOf(item), type, false, secret);
    }
    if (type !== 'lb' && type !== 'status') this.#tellType(name, this.#places.get(name) ?? item.place);
    else {
      const told = `${shown(name)} is of type ${type}: members of an lb are Tomcats, of type ajp13; take it out`;
      this.#findings.error(item.place, `worker.${shown(lb)}.balance_workers`, 'bad-member', told);
    }
    return undefined;
  }

  /** mod_jk makes a worker of a name about which nothing is said, too. */
  #tellUndefined({ text: name, place }: Item): void {
    if (this.#places.has(name) || !this.#isListed) return;
    const similar = similarNames(name, this.#places.keys());
    const mend = similar.length > 0 ? `did you mean ${shown(similar[0])}?` : `add worker.${shown(name)}.host`;
    const told = `nothing is said about the worker ${shown(name)}: as in mod_jk it is a Tomcat at localhost:8009; ${mend}`;
    this.#findings.warn(place, '', 'undefined-worker', told);
  }

  #tellType(name: string, place: Place): void {
    const entry = this.#table.get(`worker.${name}.type`);
    const type = entry?.value ?? '';
    const similar = similarNames(type, ['ajp13', 'ajp14', 'lb', 'status']);
    const mend =
      type === 'ajp12' || type === 'jni'
        ? 'Tomcat no longer speaks it; write ajp13'
        : similar.length > 0
          ? `did you mean ${similar[0]}?`
          : 'write ajp13, lb or status';
    const told = `"${shown(type)}" is no type of worker; ${mend}`;
    this.#findings.error(entry?.place ?? place, `worker.${shown(name)}.type`, 'unknown-type', told);
  }

  #typeOf(name: string): string {
    return this.#table.get(`worker.${name}.type`)?.value ?? 'ajp13';
  }

  #valuesOf({ text: name, place }: Item): WorkerValues {
    return new WorkerValues(name, this.#places.get(name) ?? place, this.#table, this.#findings);
  }

  #use(name: string, role: string): void {
    const roles = this.#roles.get(name) ?? '';
    if (!roles.includes(role)) this.#roles.set(name, roles + role);
  }

  #placesOf(name: string): ReadonlyMap<string, Place> {
    const prefix = `worker.${name}.`;
    const own = this.#table.familyOf(`worker.${name}`);
    return new Map(own.map(({ key, place }) => [key.slice(prefix.length), place]));
  }

  #warn(entry: Entry, code: string, message: string): void {
    this.#findings.warn(entry.place, shown(entry.key), code, message);
  }
}

/** The worker that a property is of; undefined for what is no worker's. */
function nameIn(key: string): string | undefined {
  const end = key.lastIndexOf('.');
  return key.startsWith('worker.') && end > 'worker.'.length ? key.slice('worker.'.length, end) : undefined;
}
