// mime=txt: one line for each thing, `Kind: name=value …`, for awk and its like.

import { ajpFacts, errorFacts, type Fact, lbFacts, mapFacts, memberFacts, resetFacts, timeFacts } from './facts.ts';
import type { MachineFormat } from './machine.ts';

/** Names whose values are quoted among others that are not. */
const QUOTED: ReadonlySet<string> = new Set(['route', 'redirect', 'domain']);

export function txtFormat(): MachineFormat {
  return {
    head: () => '',
    server: ({ serverName, serverPort }) => `Server: name=${serverName} port=${serverPort}\n`,
    time: (view) => line('Time', timeFacts(view)),
    software: ({ webServer, jkVersion }) => `Software: web_server="${webServer}" jk_version=${jkVersion}\n`,
    lbs: (count, content) => `Balancer Workers: count=${count}\n${content}`,
    ajps: (count, content) => `AJP Workers: count=${count}\n${content}`,
    lb: (lb, now, content) => line('Balancer Worker', [['name', lb.name], ...lbFacts(lb, now)]) + content,
    member: (member, _, now) =>
      line('Member', [
        ['name', member.name],
        ...memberFacts(member),
        ...resetFacts(member, now),
        ...errorFacts(member, now),
      ]),
    ajp: (ajp, now) =>
      line('AJP Worker', [['name', ajp.name], ...ajpFacts(ajp), ...resetFacts(ajp, now), ...errorFacts(ajp, now)]),
    map: (map, id) =>
      `Map: id=${id}${mapFacts(map)
        .map(([name, value]) => ` ${name}="${value}"`)
        .join('')}\n`,
    dump: (lines) => `Configuration:\n${lines.map((each) => `${each}\n`).join('')}`,
    result: (type, message) => `Result: type=${type} message="${message}"\n`,
    end: () => '',
  };
}

function line(kind: string, facts: readonly Fact[]): string {
  const words = facts.map(([name, value]) => (QUOTED.has(name) ? ` ${name}="${value}"` : ` ${name}=${value}`));
  return `${kind}:${words.join('')}\n`;
}
