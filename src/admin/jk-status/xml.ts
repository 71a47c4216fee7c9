// mime=xml. As mod_jk's, but for values that would break the document: those are escaped.

import { escapeQuoted } from '../markup.ts';
import { ajpFacts, errorFacts, type Fact, lbFacts, mapFacts, memberFacts, resetFacts, timeFacts } from './facts.ts';
import type { MachineFormat } from './machine.ts';

export interface XmlNames {
  /** With its colon. */
  readonly ns: string;
  readonly xmlns: string;
  readonly doctype: string | undefined;
}

export function xmlFormat({ ns, xmlns, doctype }: XmlNames): MachineFormat {
  const open = (indent: number, name: string, facts: readonly Fact[]) =>
    `${' '.repeat(indent)}<${ns}${name}\n${facts.map((fact) => attribute(indent + 2, fact)).join('')}`;
  const empty = (indent: number, name: string, facts: readonly Fact[]) =>
    `${open(indent, name, facts)}${' '.repeat(indent)}/>\n`;
  const around = (indent: number, name: string, facts: readonly Fact[], content: string) =>
    `${open(indent, name, facts)}${' '.repeat(indent)}>\n${content}${' '.repeat(indent)}</${ns}${name}>\n`;
  return {
    head: () =>
      `<?xml version="1.0" encoding="UTF-8" ?>\n${doctype === undefined ? '' : `${doctype}\n`}` +
      `<${ns}status\n${xmlns === '' ? '' : `  ${xmlns}`}>\n`,
    server: ({ serverName, serverPort }) =>
      empty(0, 'server', [
        ['name', serverName],
        ['port', serverPort],
      ]),
    time: (view) => empty(0, 'time', timeFacts(view)),
    software: ({ webServer, jkVersion }) =>
      empty(0, 'software', [
        ['web_server', webServer],
        ['jk_version', jkVersion],
      ]),
    lbs: (count, content) => around(0, 'balancers', [['count', count]], content),
    ajps: (count, content) => around(0, 'ajp_workers', [['count', count]], content),
    lb: (lb, now, content) => around(2, 'balancer', [['name', lb.name], ...lbFacts(lb, now)], content),
    member: (member, _, now) =>
      empty(6, 'member', [
        ['name', member.name],
        ...inXmlOrder(memberFacts(member)),
        ...resetFacts(member, now),
        ...errorFacts(member, now),
      ]),
    ajp: (ajp, now) =>
      empty(2, 'ajp', [
        ['name', ajp.name],
        ...inXmlOrder(ajpFacts(ajp)),
        ...resetFacts(ajp, now),
        ...errorFacts(ajp, now),
      ]),
    map: (map, id) => empty(6, 'map', [['id', id], ...mapFacts(map)]),
    dump: (lines) => empty(2, 'configuration', lines.map(dumpFact)),
    result: (type, message) =>
      empty(2, 'result', [
        ['type', type],
        ['message', message],
      ]),
    end: () => `</${ns}status>\n`,
  };
}

function attribute(indent: number, [name, value]: Fact): string {
  return `${' '.repeat(indent)}${name}="${typeof value === 'number' ? value : escapeQuoted(value)}"\n`;
}

/** Here the interval of pings comes before the retries. */
function inXmlOrder(facts: readonly Fact[]): Fact[] {
  const interval = facts.find(([name]) => name === 'connection_ping_interval');
  return facts.flatMap((fact) => {
    if (fact === interval) return [];
    return fact[0] === 'retries' && interval !== undefined ? [interval, fact] : [fact];
  });
}

function dumpFact(line: string): Fact {
  const equals = line.indexOf('=');
  return [line.slice(0, equals).replace(/[^\w.:-]/g, '_'), line.slice(equals + 1)];
}
