// A table of header fields over bytes: what every wire decoder fills and every encoder reads. Values stay octets
// (latin1 view); order and spelling of what was received are kept. The table owns its bytes: whoever fills it copies
// once, so a head may outlive the read buffer it came from. Floor 1, because both protocols and everything above meet here.

import { CANONICAL_BYTES, CANONICAL_NAMES, FIELD_ID_COUNT, fieldId, LOWER_NAMES } from './field-names.ts';

/** Numbers kept per field in `Fields.slots`: id, start and length of the name, start and length of the value. */
export const FIELD_STRIDE = 5;
/** `slots` id of a field that was removed; readers skip it. */
export const REMOVED = -1;
/** `slots` name start of a field that came without a spelling of its own (an AJP code, or one we added by id). */
export const CANONICAL = -1;

const FIRST_BYTES = 1024;
const FIRST_FIELDS = 24;

/**
 * Header fields in order. Iterate with `for (let i = 0; i < fields.count; i++)` and skip `idAt(i) === REMOVED`.
 * Growth is unlimited here: the decoders that fill a table hold the limits.
 */
export class Fields {
  /** Storage of spelled names and all values; only `[0, used)` means anything. */
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  used = 0;
  /** Number of slots in use, removed fields included. */
  count = 0;
  slots: Int32Array = new Int32Array(FIRST_FIELDS * FIELD_STRIDE);
  /** True when some known name stands more than once; an unknown name may repeat without it. */
  hasRepeats = false;
  /**
   * `bytes[0, checkedEnd)` are field lines just as an HTTP/1 parser read and checked them (`Name: value` CRLF), so an
   * HTTP/1 encoder may copy them line by line without looking again; 0 for every other origin. Never edit them in place.
   */
  checkedEnd = 0;
  /** By id: index of its first field plus one, 0 when absent. */
  #firstById: Int16Array = new Int16Array(FIELD_ID_COUNT);

  /** Empties the table and keeps its storage, unless a large head has swollen it. */
  reset(): void {
    for (let i = 0; i < this.count; i++) {
      const id = this.slots[i * FIELD_STRIDE];
      if (id > 0) this.#firstById[id] = 0;
    }
    this.used = 0;
    this.count = 0;
    this.hasRepeats = false;
    this.checkedEnd = 0;
    if (this.bytes.length > 8 * FIRST_BYTES) this.bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  /** Makes room for `size` more bytes after `used`; `bytes` may be a new buffer afterwards. */
  reserve(size: number): void {
    if (this.used + size <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.used + size));
    this.bytes.copy(grown, 0, 0, this.used);
    this.bytes = grown;
  }

  /** Becomes a copy of another table, octets and order alike. */
  copyFrom(other: Fields): void {
    this.reset();
    this.reserve(other.used);
    other.bytes.copy(this.bytes, 0, 0, other.used);
    this.used = other.used;
    this.checkedEnd = other.checkedEnd;
    for (let i = 0, at = 0; i < other.count; i++, at += FIELD_STRIDE) {
      const { slots } = other;
      if (slots[at] !== REMOVED) this.append(slots[at], slots[at + 1], slots[at + 2], slots[at + 3], slots[at + 4]);
    }
  }

  /** For decoders: records a field whose octets already stand in `bytes`. `nameStart` may be `CANONICAL` if `id` > 0. */
  append(id: number, nameStart: number, nameLength: number, valueStart: number, valueLength: number): void {
    const at = this.count * FIELD_STRIDE;
    if (at === this.slots.length) this.#growSlots();
    const slots = this.slots;
    slots[at] = id;
    slots[at + 1] = nameStart;
    slots[at + 2] = nameLength;
    slots[at + 3] = valueStart;
    slots[at + 4] = valueLength;
    this.count++;
    if (id > 0) {
      if (this.#firstById[id] === 0) this.#firstById[id] = this.count;
      else this.hasRepeats = true;
    }
  }

  /** Adds a field at the end. Text is taken as latin1: one character, one octet. */
  add(name: string, value: string): void {
    const id = fieldId(name);
    let nameStart = CANONICAL;
    if (id === 0 || CANONICAL_NAMES[id] !== name) {
      this.reserve(name.length);
      nameStart = this.used;
      this.used += this.bytes.write(name, nameStart, 'latin1');
    }
    this.append(id, nameStart, name.length, this.#store(value), value.length);
  }

  /** Adds a field by id in its canonical spelling. */
  addKnown(id: number, value: string): void {
    this.append(id, CANONICAL, CANONICAL_BYTES[id].length, this.#store(value), value.length);
  }

  /** Adds a copy of field `index` of another table. */
  addFrom(other: Fields, index: number): void {
    const from = index * FIELD_STRIDE;
    const nameStart = other.slots[from + 1];
    const nameLength = other.slots[from + 2];
    const valueStart = other.slots[from + 3];
    const valueLength = other.slots[from + 4];
    this.reserve(nameLength + valueLength);
    let name = CANONICAL;
    if (nameStart !== CANONICAL) {
      name = this.used;
      this.used += other.bytes.copy(this.bytes, name, nameStart, nameStart + nameLength);
    }
    const value = this.used;
    this.used += other.bytes.copy(this.bytes, value, valueStart, valueStart + valueLength);
    this.append(other.slots[from], name, nameLength, value, valueLength);
  }

  /** Adds copies of all fields of another table. */
  addAll(other: Fields): void {
    const shift = this.used;
    this.reserve(other.used);
    other.bytes.copy(this.bytes, shift, 0, other.used);
    this.used += other.used;
    if (shift === 0 && this.count === 0) this.checkedEnd = other.checkedEnd;
    for (let i = 0; i < other.count; i++) {
      const at = i * FIELD_STRIDE;
      const id = other.slots[at];
      if (id === REMOVED) continue;
      const name = other.slots[at + 1];
      this.append(
        id,
        name === CANONICAL ? CANONICAL : name + shift,
        other.slots[at + 2],
        other.slots[at + 3] + shift,
        other.slots[at + 4],
      );
    }
  }

  /** Gives the first field of this name the value and removes its others; adds it when there is none. */
  set(name: string, value: string): void {
    const index = this.indexOf(name);
    if (index < 0) {
      this.add(name, value);
      return;
    }
    this.replaceAt(index, value);
    this.#removeFrom(index + 1, fieldId(name), name);
  }

  /** As `set`, by id. */
  setKnown(id: number, value: string): void {
    const index = this.indexOfKnown(id);
    if (index < 0) {
      this.addKnown(id, value);
      return;
    }
    this.replaceAt(index, value);
    if (this.hasRepeats) this.#removeFrom(index + 1, id, '');
  }

  replaceAt(index: number, value: string): void {
    const start = this.#store(value);
    this.slots[index * FIELD_STRIDE + 3] = start;
    this.slots[index * FIELD_STRIDE + 4] = value.length;
  }

  removeAt(index: number): void {
    const id = this.slots[index * FIELD_STRIDE];
    if (id === REMOVED) return;
    this.slots[index * FIELD_STRIDE] = REMOVED;
    if (id > 0 && this.#firstById[id] === index + 1)
      this.#firstById[id] = this.hasRepeats ? this.#scan(id, index + 1) + 1 : 0;
  }

  /** Removes every field of this name. */
  remove(name: string): void {
    this.#removeFrom(0, fieldId(name), name);
  }

  removeKnown(id: number): void {
    for (let index = this.#firstById[id] - 1; index >= 0; index = this.#firstById[id] - 1) this.removeAt(index);
  }

  hasKnown(id: number): boolean {
    return this.#firstById[id] !== 0;
  }

  /** Index of the first field with this id, -1 when there is none. */
  indexOfKnown(id: number): number {
    return this.#firstById[id] - 1;
  }

  /** Index of the first field of this name in any letter case, -1 when there is none. */
  indexOf(name: string): number {
    const id = fieldId(name);
    return id > 0 ? this.#firstById[id] - 1 : this.#find(0, 0, name.toLowerCase());
  }

  getKnown(id: number): string | undefined {
    const index = this.#firstById[id] - 1;
    return index < 0 ? undefined : this.valueAt(index);
  }

  /** Value of the first field of this name, undefined when there is none. */
  get(name: string): string | undefined {
    const index = this.indexOf(name);
    return index < 0 ? undefined : this.valueAt(index);
  }

  /** Values of all fields of this name, in order. */
  getAll(name: string): string[] {
    const id = fieldId(name);
    const lower = name.toLowerCase();
    const values: string[] = [];
    for (let i = this.#find(0, id, lower); i >= 0; i = this.#find(i + 1, id, lower)) values.push(this.valueAt(i));
    return values;
  }

  idAt(index: number): number {
    return this.slots[index * FIELD_STRIDE];
  }

  /** The name as spelled on the wire, canonical when it came as a code. */
  nameAt(index: number): string {
    const at = index * FIELD_STRIDE;
    const start = this.slots[at + 1];
    return start === CANONICAL
      ? CANONICAL_NAMES[this.slots[at]]
      : this.bytes.toString('latin1', start, start + this.slots[at + 2]);
  }

  lowerNameAt(index: number): string {
    const id = this.slots[index * FIELD_STRIDE];
    return id > 0 ? LOWER_NAMES[id] : this.nameAt(index).toLowerCase();
  }

  valueAt(index: number): string {
    const start = this.slots[index * FIELD_STRIDE + 3];
    return this.bytes.toString('latin1', start, start + this.slots[index * FIELD_STRIDE + 4]);
  }

  /** Name and value of every field in order; for pages, logs and tests, not for the byte path. */
  entries(): [name: string, value: string][] {
    const list: [string, string][] = [];
    for (let i = 0; i < this.count; i++) if (this.idAt(i) !== REMOVED) list.push([this.nameAt(i), this.valueAt(i)]);
    return list;
  }

  #store(value: string): number {
    this.reserve(value.length);
    const start = this.used;
    this.used += this.bytes.write(value, start, 'latin1');
    return start;
  }

  #find(from: number, id: number, lower: string): number {
    if (id > 0) return this.#scan(id, from);
    for (let i = from; i < this.count; i++) {
      const at = i * FIELD_STRIDE;
      if (this.slots[at] === 0 && this.slots[at + 2] === lower.length && this.nameAt(i).toLowerCase() === lower)
        return i;
    }
    return -1;
  }

  #scan(id: number, from: number): number {
    for (let i = from; i < this.count; i++) if (this.slots[i * FIELD_STRIDE] === id) return i;
    return -1;
  }

  #removeFrom(from: number, id: number, name: string): void {
    const lower = name.toLowerCase();
    for (let i = this.#find(from, id, lower); i >= 0; i = this.#find(i + 1, id, lower)) this.removeAt(i);
  }

  #growSlots(): void {
    const grown = new Int32Array(this.slots.length * 2);
    grown.set(this.slots);
    this.slots = grown;
  }
}
