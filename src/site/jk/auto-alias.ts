// JkAutoAlias: the folder of web applications, whose files are served under the application's name. Place in the picture:
// between Alias and DocumentRoot. Source: mod_jk 1.2.48 observed.

import { servletPath } from './mounts.ts';

/** Folders of an application that are nobody's business, right below it. */
const PRIVATE: ReadonlySet<string> = new Set(['WEB-INF', 'META-INF']);

/**
 * Where a path leads below the folder; a status when it must not be shown; undefined when there is no such application.
 * @param isFolder asked about `/name` of an application
 * @param path decoded
 */
export function autoAlias(path: string, isFolder: (name: string) => boolean): string | 403 | 404 | undefined {
  const clean = servletPath(path);
  if (clean === undefined || clean === '/') return undefined;
  const [, application, inner] = clean.split('/');
  if (inner !== undefined && PRIVATE.has(inner.toUpperCase())) return 404;
  if (isFolder(`/${application}`)) return clean;
  return application.toLowerCase().endsWith('.war') ? 403 : undefined;
}
