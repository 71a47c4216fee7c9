// What a status worker refuses before it does anything, in mod_jk's order and words; scripts look for the words.

import type { StatusWorkerSettings } from '../../site/jk/model-jk.ts';
import { matchesGlob } from '../../site/jk/mounts.ts';
import { type Command, OPTION, type StatusQuery } from './query.ts';
import type { WorkerView } from './view.ts';

const READING: ReadonlySet<Command> = new Set<Command>(['list', 'show', 'version', 'dump']);
const NEEDS_NO_WORKER: ReadonlySet<Command> = new Set<Command>(['list', 'version', 'dump']);

/** Commands that alter something. */
export function changes(command: Command | undefined): boolean {
  return command === 'update' || command === 'reset' || command === 'recover';
}

/** @param user whom the client authenticated as. @returns why not; undefined: go on */
export function refusal(
  query: StatusQuery,
  settings: StatusWorkerSettings,
  user: string | undefined,
  workers: readonly WorkerView[],
): string | undefined {
  if (!isAllowed(settings, user)) return 'Access denied.';
  if (!query.isReadable) return 'Error during parsing of URI';
  const readsOnly = settings.isReadOnly || (query.options & OPTION.readOnly) !== 0;
  if (readsOnly && query.command !== undefined && !READING.has(query.command))
    return 'This command is not allowed in read only mode.';
  if (query.command === undefined) return 'Invalid command.';
  if (query.mime === undefined) return 'Invalid mime type.';
  return NEEDS_NO_WORKER.has(query.command) ? undefined : unknownWorker(query, workers);
}

function isAllowed({ users, ignoresUserCase }: StatusWorkerSettings, user: string | undefined): boolean {
  if (users.length === 0) return true;
  if (user === undefined) return false;
  const form = (name: string) => (ignoresUserCase ? name.toLowerCase() : name);
  return users.some((each) => form(each) === form(user));
}

function unknownWorker({ command, parameters }: StatusQuery, workers: readonly WorkerView[]): string | undefined {
  const [name, memberName] = [parameters.get('w'), parameters.get('sw')];
  if (name === undefined || name === '') return 'NULL or EMPTY worker param';
  if (memberName === '') return 'EMPTY sub worker param';
  const worker = workers.find((each) => each.name === name);
  if (worker === undefined) return 'Could not find given worker';
  if (memberName === undefined) return undefined;
  if (isPattern(memberName) && command !== 'update') return 'wildcard not allowed in sub worker for this command';
  if (worker.kind !== 'lb') return 'worker type has no sub workers';
  return worker.members.some((member) => fitsName(member.name, memberName)) ? undefined : 'could not find sub worker';
}

/** `sw` of an update may name several members; a `?` never comes this far. */
function isPattern(text: string): boolean {
  return text.includes('*');
}

/** Whether a member is meant by `sw`: `*` is any run of characters. */
export function fitsName(name: string, wanted: string): boolean {
  return isPattern(wanted) ? matchesGlob(wanted, name) : name === wanted;
}
