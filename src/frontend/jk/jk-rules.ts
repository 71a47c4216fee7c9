// The rules of mod_jk for one host while it serves: compiled once, compiled anew when the map file has changed. Place in
// the picture: part of `RunningHost`; `jk-mapping.ts` asks it for every request.

import { type CompiledMount, MountTable } from '../../site/jk/mounts.ts';
import type { JkHost, JkMount, JkTarget, JkWorker } from '../../site/model.ts';

export class JkRules {
  readonly host: JkHost;
  readonly workers: ReadonlyMap<string, JkWorker>;
  #table: MountTable;

  constructor(host: JkHost, workers: ReadonlyMap<string, JkWorker>) {
    this.host = host;
    this.workers = workers;
    this.#table = this.#compile(host.mountFile?.mounts ?? []);
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

  #compile(fileMounts: readonly JkMount[]): MountTable {
    return new MountTable([...this.host.mounts, ...fileMounts], this.workers, this.host.options.rejectUnsafeUri);
  }
}
