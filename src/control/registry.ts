// What an operator may see (resources) and do (operations), by name. Every room that has something registers it here, so
// that pages, the control socket and metrics need no arrows to all of them.

import { Failure } from '../base/failure.ts';
import { CONTROL_NAME } from './limits.ts';

/** Values of a request's `arguments`. */
export type ControlArguments = Readonly<Record<string, unknown>>;

export interface ControlResource {
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  /** What is so now, as plain data that JSON can carry. Cheap: it is called in the serving thread. */
  readonly read: () => unknown;
}

export interface ControlOperation {
  readonly name: string;
  /** One line for people, with the arguments it takes. */
  readonly description: string;
  /** Carries it out. @returns plain data that JSON can carry. @throws Failure when it cannot be done */
  readonly run: (given: ControlArguments) => unknown;
}

/** Takes a name back. */
export interface Registration {
  remove(): void;
}

/** One of a process, made where the process is put together. */
export class ControlRegistry {
  readonly #resources = new Map<string, ControlResource>();
  readonly #operations = new Map<string, ControlOperation>();

  constructor() {
    this.addOperation({
      name: 'list',
      description: 'Names and descriptions of all resources and operations.',
      run: () => ({ resources: described(this.#resources), operations: described(this.#operations) }),
    });
    this.addOperation({
      name: 'status',
      description: 'All resources; with `resource`, that one alone.',
      run: ({ resource }) => this.#status(resource),
    });
  }

  /** @throws Error when the name is taken or no name */
  addResource(resource: ControlResource): Registration {
    return add(this.#resources, resource);
  }

  /** @throws Error when the name is taken or no name */
  addOperation(operation: ControlOperation): Registration {
    return add(this.#operations, operation);
  }

  /** @throws Failure `unknown-resource`, or what reading throws */
  read(name: string): unknown {
    const resource = this.#resources.get(name);
    if (resource === undefined) throw new Failure('unknown-resource', 'downstream', `there is no resource ${name}`);
    return resource.read();
  }

  /** @throws Failure `unknown-operation`, or what the operation throws */
  async run(name: string, given: ControlArguments): Promise<unknown> {
    const operation = this.#operations.get(name);
    if (operation === undefined) {
      const known = [...this.#operations.keys()].sort().join(', ');
      throw new Failure('unknown-operation', 'downstream', `there is no operation ${name}; there are ${known}`);
    }
    return operation.run(given);
  }

  #status(resource: unknown): unknown {
    if (typeof resource === 'string') return this.read(resource);
    if (resource !== undefined) throw new Failure('bad-argument', 'downstream', '`resource` must be a name');
    return Object.fromEntries([...this.#resources.values()].map(({ name, read }) => [name, read()]));
  }
}

function add<T extends { readonly name: string }>(map: Map<string, T>, thing: T): Registration {
  if (!CONTROL_NAME.test(thing.name)) throw new Error(`"${thing.name}" is no name for the control registry`);
  if (map.has(thing.name)) throw new Error(`${thing.name} is registered already`);
  map.set(thing.name, thing);
  return {
    remove: () => {
      if (map.get(thing.name) === thing) map.delete(thing.name);
    },
  };
}

function described(map: ReadonlyMap<string, { readonly name: string; readonly description: string }>): unknown {
  return [...map.values()].map(({ name, description }) => ({ name, description }));
}
