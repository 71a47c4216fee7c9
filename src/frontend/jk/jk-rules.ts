// The rules of mod_jk for one host while it serves: compiled once, compiled anew when the map file has changed. Place in
// the picture: part of `RunningHost`; `jk-mapping.ts` asks it for every request.

import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { type CompiledMount, MountTable, sortMounts } from '../../site/jk/mounts.ts';
import type { JkHost, JkMount, JkTarget, JkWorker } from '../../site/model.ts';
import { MapFile } from './map-file.ts';

export class JkRules {
  readonly host: JkHost;
  readonly workers: ReadonlyMap<string, JkWorker>;
  readonly #file: MapFile | undefined;
  #mounts: readonly JkMount[];
  #table: MountTable;

  /** Begins to look whether the map file has changed. */
  constructor(host: JkHost, workers: ReadonlyMap<string, JkWorker>, clock: Clock, log: Log) {
    this.host = host;
    this.workers = workers;
    const { mountFile } = host;
    this.#mounts = sortMounts([...host.mounts, ...(mountFile?.mounts ?? [])]);
    this.#table = this.#compile();
    if (mountFile === undefined) return;
    this.#file = new MapFile(mountFile, clock, log, (mounts) => {
      this.#mounts = sortMounts([...host.mounts, ...mounts]);
      this.#table = this.#compile();
    });
    this.#file.start();
  }

  /** All rules, those without effect too, in the order in which they are tried. */
  get mounts(): readonly JkMount[] {
    return this.#mounts;
  }

  /** Rules in force. */
  get table(): MountTable {
    return this.#table;
  }

  /** The rule that takes a path. @param path as `servletPath` makes it */
  find(path: string): CompiledMount | undefined {
    return this.#table.find(path);
  }

  /** The target of a worker that no rule names. */
  targetOf(name: string, rules: JkTarget['rules']): JkTarget {
    return { kind: 'jk', worker: this.workers.get(name), name, rules };
  }

  /** The map file is not looked at any more. */
  stop(): void {
    this.#file?.stop();
  }

  #compile(): MountTable {
    return new MountTable(this.#mounts, this.workers, this.host.options.rejectUnsafeUri);
  }
}
