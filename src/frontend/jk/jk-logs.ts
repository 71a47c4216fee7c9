// The logs of mod_jk at work: JkLogFile of a host for the lines of JkRequestLogFormat, that of the main server for what
// happens to workers.

import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { AccessLog } from '../../listener/access-log.ts';
import { bothLogs, JkLog } from '../../listener/jk-log.ts';
import type { LogSinks } from '../../listener/log-sinks.ts';
import type { Host } from '../../site/model.ts';

/** What opening them takes. */
export interface JkLogServices {
  readonly link: { readonly clock: Clock };
  readonly log: Log;
  readonly sinks: LogSinks;
}

/** Logs of a host's requests; none without JkRequestLogFormat or JkLogFile. @throws Failure `log-open-failed` */
export function jkRequestLogs({ jk }: Host, services: JkLogServices): readonly AccessLog[] {
  const log = openJkLog(jk, services);
  if (log === undefined || jk?.requestLogFormat === undefined) return [];
  return [new AccessLog(jk.requestLogFormat, undefined, log)];
}

/** Takes the events of mod_jk's workers: the error log as of all others, and JkLogFile. @throws Failure `log-open-failed` */
export function jkEventLog({ jk }: Host, services: JkLogServices): Log {
  const log = openJkLog(jk, services);
  return log === undefined ? services.log : bothLogs(services.log, log);
}

function openJkLog(jk: Host['jk'], { link, sinks }: JkLogServices): JkLog | undefined {
  if (jk?.log.file === undefined) return undefined;
  const { file, level, stampFormat } = jk.log;
  return new JkLog(sinks.open(file), link.clock, level, stampFormat);
}
