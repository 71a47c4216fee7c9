// The lines of workers.properties before workers are made of them: reading the file, names that nothing knows, names that
// come twice, and what the status worker's dump shows of it all.

import { similarNames } from '../../config/expression/names.ts';
import type { FileReader } from '../../config/files.ts';
import type { Findings, Place } from '../../config/finding.ts';
import { CONFIG_LIMITS } from '../../config/limits.ts';
import { readProperties, shown } from '../../config/modjk/properties.ts';
import type { Entry, PropertyTable } from '../../config/modjk/property-table.ts';
import { KNOWN_PROPERTIES, OLD_NAMES, WITHOUT_EFFECT } from './worker-properties.ts';

/** Adds the lines of JkWorkersFile; false, with a finding, when it cannot be read. */
export function addFile(
  table: PropertyTable,
  { path, place }: { readonly path: string; readonly place: Place },
  { files, findings }: { files: FileReader; findings: Findings },
): boolean {
  if (files.kind(path) !== 'file') return false;
  let octets: Uint8Array;
  try {
    octets = files.read(path);
  } catch (error) {
    findings.error(place, 'JkWorkersFile', 'file-unreadable', `${path} cannot be read: ${(error as Error).message}`);
    return false;
  }
  if (octets.length > CONFIG_LIMITS.fileBytes) {
    const told = `${path} has more than ${CONFIG_LIMITS.fileBytes} octets`;
    findings.error(place, 'JkWorkersFile', 'config-limit', told);
    return false;
  }
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1');
  for (const property of readProperties(text, path, findings)) table.add(property);
  return true;
}

/** Names of properties: unknown ones stop the start, as in mod_jk; old ones and near misses are told. */
export function checkNames(table: PropertyTable, findings: Findings): void {
  for (const { key, place } of table.entries) {
    const dot = key.lastIndexOf('.');
    const name = key.slice(dot + 1);
    if (!key.startsWith('worker.')) tellNearWorker(key, name, place, findings);
    else if (!KNOWN_PROPERTIES.has(name)) {
      const similar = similarNames(name, KNOWN_PROPERTIES);
      const mend = similar.length > 0 ? `did you mean ${similar.join(' or ')}?` : 'take the line out';
      findings.error(place, shown(key), 'unknown-property', `workers have no property "${shown(name)}"; ${mend}`);
    } else if ((dot === 'worker'.length) !== (name === 'list' || name === 'maintain')) {
      const told =
        dot === 'worker'.length
          ? `names no worker and has no effect; write worker.<name>.${name}`
          : `is not of one worker, and has no effect here; write worker.${name}`;
      findings.warn(place, shown(key), 'property-without-effect', told);
    } else if (OLD_NAMES.has(name))
      findings.warn(place, shown(key), 'old-name', `is an old name, and counts; the new one is ${OLD_NAMES.get(name)}`);
    else if (WITHOUT_EFFECT.has(name))
      findings.warn(place, shown(key), 'property-without-effect', `has no effect: ${WITHOUT_EFFECT.get(name)}`);
  }
}

/** A variable that looks like a property with a misspelled beginning. */
function tellNearWorker(key: string, name: string, place: Place, findings: Findings): void {
  const [first] = key.split('.', 1);
  if (!KNOWN_PROPERTIES.has(name) || first === key || similarNames(first, ['worker']).length === 0) return;
  const told = `does not begin with "worker." and is taken for a variable; write worker.${shown(key.slice(first.length + 1))}`;
  findings.warn(place, shown(key), 'property-is-variable', told);
}

/** Names that come twice, and whom the second line was probably meant for. */
export function tellRepeated(table: PropertyTable, findings: Findings): void {
  const owners = new Owners(table);
  for (const entry of table.entries) {
    if (entry.overruled.length === 0) continue;
    const lines = [...entry.overruled, { value: entry.value, place: entry.place }].sort(byPlace);
    for (const [i, { place, value }] of lines.entries()) {
      if (i === 0) continue;
      const before = lines[i - 1];
      const where = `line ${before.place.line}${before.place.file === place.file ? '' : ` of ${before.place.file}`}`;
      const isInForce = place === entry.place;
      const told = isInForce
        ? `is given before, in ${where}: this line counts, and "${shown(before.value)}" is forgotten`
        : entry.place === lines[0].place
          ? `is given before, in ${where}: that line counts, as in mod_jk, and "${shown(value)}" has no effect`
          : `is given before, in ${where}, and again after this line`;
      const mend = owners.meantFor(entry, place) ?? 'take one of the lines out';
      findings.warn(place, shown(entry.key), 'defined-twice', `${told}; ${mend}`);
    }
  }
}

function byPlace(a: { readonly place: Place }, b: { readonly place: Place }): number {
  return a.place.file === b.place.file ? a.place.line - b.place.line : 0;
}

/** Which lines belong to which worker. */
class Owners {
  readonly #table: PropertyTable;
  readonly #lines = new Map<string, { readonly line: number; readonly owner: string }[]>();

  constructor(table: PropertyTable) {
    this.#table = table;
    for (const { key, parts, overruled } of table.entries) {
      const dot = key.lastIndexOf('.');
      if (!key.startsWith('worker.') || dot === 'worker'.length) continue;
      for (const { place } of [...parts, ...overruled]) {
        const lines = this.#lines.get(place.file) ?? [];
        this.#lines.set(place.file, lines);
        lines.push({ line: place.line, owner: key.slice(0, dot) });
      }
    }
    for (const lines of this.#lines.values()) lines.sort((a, b) => a.line - b.line);
  }

  /** The worker among whose lines this one stands, when it has not got the property: in words. */
  meantFor({ key }: Entry, place: Place): string | undefined {
    const dot = key.lastIndexOf('.');
    const [owner, property] = [key.slice(0, dot), key.slice(dot)];
    const other = this.#lines.get(place.file)?.findLast(({ line, owner: each }) => line < place.line && each !== owner);
    if (other === undefined || this.#table.get(other.owner + property) !== undefined) return undefined;
    // An lb has no host, and a Tomcat no members: only workers of one kind are mistaken for each other.
    if (this.#typeOf(other.owner) !== this.#typeOf(owner)) return undefined;
    const name = shown(other.owner.slice('worker.'.length));
    return `${name} is nowhere given a ${property.slice(1)}, and this line follows its lines: probably ${shown(other.owner + property)} is meant`;
  }

  #typeOf(owner: string): string {
    return this.#table.get(`${owner}.type`)?.value ?? 'ajp13';
  }
}

/** Lines as the status worker dumps them: what is secret is left out, and so are variables that secrets are made of. */
export function dumpOf(table: PropertyTable): readonly string[] {
  const secrets = new Set<string>();
  const hide = (key: string): void => {
    if (secrets.has(key)) return;
    secrets.add(key);
    for (const variable of table.variablesOf(key)) hide(variable);
  };
  for (const { key } of table.entries) if (/\.(?:secret|secretkey)$/.test(key)) hide(key);
  return table.entries.filter(({ key }) => !secrets.has(key)).map(({ key, value }) => `${key}=${value}`);
}
