// Bounds of reading a configuration: past each, reading stops with an error finding that names it.

import type { Place } from './finding.ts';

export const CONFIG_LIMITS = {
  /** Octets of one file. */
  fileBytes: 8 * 1024 * 1024,
  /** Octets of one line, continuations joined. */
  lineBytes: 1024 * 1024,
  /** Files within files: httpd's AP_MAX_INCLUDE_DEPTH. */
  includeDepth: 50,
  /** Directories within an included directory: httpd's AP_MAX_INCLUDE_DIR_DEPTH. */
  includeDirectoryDepth: 20,
  /** Files read in all, one counted each time it is included. */
  files: 10_000,
  /** Directives and sections in all, those that macros make included. */
  directives: 500_000,
  /** Sections within sections. */
  sectionDepth: 64,
  /** Macros used within macros. */
  macroDepth: 20,
} as const;

/** Ends the reading; the reader makes a finding of it. */
export class LimitReached extends Error {
  readonly place: Place;

  constructor(place: Place, message: string) {
    super(message);
    this.place = place;
  }
}
