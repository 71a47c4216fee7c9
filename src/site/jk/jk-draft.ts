// What Jk… directives have said so far, of the site and of one host: mutable. Place in the picture: between the handlers of
// these directives and `assemble-jk.ts`.

import type { Place } from '../../config/finding.ts';
import type { LogFormat } from '../../config/httpd/log-format.ts';
import type { JkEnvVar, JkIndicators, JkLog, JkOptions } from './model-jk.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A directive's text with its place. */
export interface Said {
  readonly text: string;
  readonly place: Place;
}

/** What is said once for the whole process. */
export class JkSiteDraft {
  /** Some directive speaks of mod_jk. */
  isUsed = false;
  /** Absolute. */
  workersFile: Said | undefined = undefined;
  /** JkWorkerProperty, in order, as written. */
  readonly properties: Said[] = [];
  /** JkMountCopy All. */
  copiesMounts = false;
  watchdogMs = 0;
}

/** What one host says; what is undefined it may inherit. */
export class JkHostDraft {
  /** Some directive of mod_jk stands in this host. */
  isUsed = false;
  /** Rules by path, with `!` before it for JkUnMount: the last of a path wins. The text is worker and extensions. */
  readonly mounts = new Map<string, Said>();
  /** JkMountCopy. */
  copiesMounts: boolean | undefined = undefined;
  /** Absolute. */
  mountFile: Said | undefined = undefined;
  mountFileReloadMs: number | undefined = undefined;
  /** Absolute. */
  autoAlias: string | undefined = undefined;
  stripSession: { readonly isOn: boolean; readonly parameter: string } | undefined = undefined;
  workerIndicator: string | undefined = undefined;
  forwardUri: JkOptions['forwardUri'] | undefined = undefined;
  /** Options switched on, and those switched off, which win wherever they stand. */
  readonly added = new Set<JkSwitch>();
  readonly removed = new Set<JkSwitch>();
  /** JkEnvVar by name in lower case. */
  readonly envVars = new Map<string, JkEnvVar>();
  extractsSsl: boolean | undefined = undefined;
  readonly indicators: Partial<Mutable<JkIndicators>> = {};
  requestLogFormat: LogFormat | undefined = undefined;
  readonly log: Partial<Mutable<JkLog>> = {};
}

/** Options that are on or off. */
export type JkSwitch = Exclude<keyof JkOptions, 'forwardUri'>;
