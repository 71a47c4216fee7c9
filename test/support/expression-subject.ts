// A subject for expressions made of plain tables.

import { parseAddress } from '../../src/base/addresses.ts';
import type { ExpressionSubject, FileFacts } from '../../src/config/expression/expression.ts';

export interface SubjectTables {
  variables?: Readonly<Record<string, string>>;
  /** Names in lower case. */
  request?: Readonly<Record<string, string>>;
  response?: Readonly<Record<string, string>>;
  env?: Readonly<Record<string, string>>;
  notes?: Readonly<Record<string, string>>;
  process?: Readonly<Record<string, string>>;
  functions?: Readonly<Record<string, (argument: string) => string>>;
  lists?: Readonly<Record<string, readonly string[]>>;
  client?: string;
  /** Path to content; a directory's is undefined. */
  files?: Readonly<Record<string, string | undefined>>;
  reachable?: readonly string[];
}

/** @param varying collects the fields that an answer depended on */
export function subjectOf(tables: SubjectTables, varying: string[] = []): ExpressionSubject {
  return {
    variable: (name) => tables.variables?.[name],
    requestHeader(name, varies) {
      if (varies) varying.push(name);
      return tables.request?.[name.toLowerCase()];
    },
    responseHeader: (name) => tables.response?.[name.toLowerCase()],
    requestEnv: (name) => tables.env?.[name],
    note: (name) => tables.notes?.[name],
    processEnv: (name) => tables.process?.[name],
    call: (name, argument) => tables.functions?.[name]?.(argument),
    list: (name, argument) => tables.lists?.[`${name} ${argument}`] ?? [],
    clientAddress: tables.client === undefined ? undefined : parseAddress(tables.client),
    files: {
      stat(path): FileFacts | undefined {
        if (tables.files === undefined || !(path in tables.files)) return undefined;
        const content = tables.files[path];
        const kind = content === undefined ? 'directory' : 'file';
        return { kind, sizeBytes: content?.length ?? 0, isLink: path.endsWith('.link'), isExecutable: false };
      },
      read(path) {
        const content = tables.files?.[path];
        if (content === undefined) throw new Error(`ENOENT: ${path}`);
        return content;
      },
    },
    mayReach: (kind, target) => tables.reachable?.includes(`${kind} ${target}`) ?? false,
  };
}
