// mime=prop: lines of a properties file. Kept as it is: a member's last_reset_… and error_time_… stand under the lb
// worker's name, two names have a blank in them, and balance_workers comes once for each member.

import { ajpFacts, errorFacts, type Fact, lbFacts, mapFacts, memberFacts, resetFacts, timeFacts } from './facts.ts';
import type { MachineFormat } from './machine.ts';

const ERROR_NAMES = ['error_time_unix seconds', 'error_time_ago seconds'] as const;

export function propFormat(prefix: string): MachineFormat {
  const lines = (owner: string, facts: readonly Fact[]) =>
    facts.map(([name, value]) => `${prefix}.${owner}${name}=${value}\n`).join('');
  return {
    head: () => '',
    server: ({ serverName, serverPort }) =>
      lines('', [
        ['server_name', serverName],
        ['server_port', serverPort],
      ]),
    time: (view) => lines('time_', timeFacts(view)),
    software: ({ webServer, jkVersion }) =>
      lines('', [
        ['web_server', webServer],
        ['jk_version', jkVersion],
      ]),
    lbs: (count, content) => lines('', [['lb_count', count]]) + content,
    ajps: (count, content) => lines('', [['ajp_count', count]]) + content,
    lb: (lb, now, content) => lines('', [['list', lb.name]]) + lines(`${lb.name}.`, lbFacts(lb, now)) + content,
    member: (member, lb, now) =>
      lines(`${lb.name}.`, [['balance_workers', member.name]]) +
      lines(`${member.name}.`, memberFacts(member)) +
      lines(`${lb.name}.`, [...resetFacts(member, now), ...errorFacts(member, now, ERROR_NAMES)]),
    ajp: (ajp, now) =>
      lines(`${ajp.name}.`, [
        ['list', ajp.name],
        ...ajpFacts(ajp),
        ...resetFacts(ajp, now),
        ...errorFacts(ajp, now, ERROR_NAMES),
      ]),
    map: (map, id, worker) => lines(`${worker}.map.${id}.`, mapFacts(map)),
    dump: (all) => all.map((each) => `${each}\n`).join(''),
    result: (type, message) =>
      lines('result.', [
        ['type', type],
        ['message', message],
      ]),
    end: () => '',
  };
}
