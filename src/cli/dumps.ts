// What httpd's `-S`, `-M`, `-l`, `-L`, `-v` and `-V` print, in its form: scripts read it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allDirectives, type Standing } from '../config/httpd/directives.ts';
import { IMPLEMENTED_MODULES } from '../config/httpd/modules.ts';
import type { Host, HostAddress, Snapshot } from '../site/model.ts';
import { pidFileOf } from './configuration.ts';
import { accountOf, groupIdOf } from './privileges.ts';

/** Modules that the command line of httpd calls static: they are there without LoadModule. */
const STATIC_MODULES = ['core', 'so', 'watchdog', 'http', 'log_config', 'logio', 'version', 'unixd'];

/** Version of this program. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** `-v`. */
export function versionText(): string {
  return `Server version: Catflap/${version()} (Node ${process.versions.node})\n`;
}

/** `-V`. @param file the configuration that would be read; undefined when there is none */
export function buildText(file: string | undefined, serverRoot: string | undefined): string {
  const defines = [
    ['HTTPD_ROOT', serverRoot ?? ''],
    ['SERVER_CONFIG_FILE', file ?? ''],
    ['DEFAULT_PIDLOG', 'logs/httpd.pid'],
    ['DEFAULT_ERRORLOG', 'logs/error_log'],
  ];
  return `${versionText()}Architecture:   ${process.arch}
Server MPM:     event
  threaded:     no
    forked:     no
Server compiled with....
${defines.map(([name, value]) => ` -D ${name}="${value}"\n`).join('')}`;
}

/** `-l`. */
export function compiledModulesText(): string {
  const names = [...IMPLEMENTED_MODULES].map((name) =>
    name === 'core' ? 'core.c' : name === 'http' ? 'http_core.c' : `mod_${name}.c`,
  );
  return `Compiled in modules:\n${names.map((name) => `  ${name}\n`).join('')}`;
}

const PLACES: Readonly<Record<Standing, string>> = {
  global: 'outside every section, not in <VirtualHost>',
  server: 'outside sections, also in <VirtualHost>',
  section: 'in sections only',
  anywhere: 'anywhere',
};

/** `-L`: every directive that is known, and what becomes of it. */
export function directivesText(): string {
  let text = '';
  for (const rule of [...allDirectives()].toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const module = rule.module === 'core' ? 'core.c' : `mod_${rule.module}.c`;
    const consequence = rule.handling === 'ignored' ? `: ${rule.consequence}` : '';
    text += `${rule.isSection ? '<' : ''}${rule.name} (${module})\n\t${rule.handling}${consequence}\n`;
    text += `\tAllowed in *.conf ${PLACES[rule.standing]}\n`;
  }
  return text;
}

/** `-M`. */
export function modulesText({ server }: Snapshot): string {
  const shared = [...server.modules].filter((name) => !STATIC_MODULES.includes(name));
  const lines = [
    ...STATIC_MODULES.map((name) => ` ${name}_module (static)\n`),
    ...shared.map((name) => ` ${name}_module (shared)\n`),
  ];
  return `Loaded Modules:\n${lines.join('')}`;
}

/** `-D DUMP_INCLUDES`. */
export function includesText({ files }: Snapshot): string {
  return `Included configuration files:\n${files.map((file, i) => `  ${i === 0 ? '' : '  '}(*) ${file}\n`).join('')}`;
}

/** `-D DUMP_VHOSTS`. */
export function hostsText({ hosts }: Snapshot): string {
  const groups = new Map<string, { address: HostAddress; hosts: Host[] }>();
  for (const host of hosts)
    for (const address of host.addresses) {
      const key = addressText(address);
      const group = groups.get(key) ?? { address, hosts: [] };
      if (!group.hosts.includes(host)) group.hosts.push(host);
      groups.set(key, group);
    }
  // Addresses of their own come before those of every address, as in httpd.
  const sorted = [...groups].toSorted(
    ([, a], [, b]) => Number(a.address.address === undefined) - Number(b.address.address === undefined),
  );
  return `VirtualHost configuration:\n${sorted.map(([key, group]) => groupText(key, group)).join('')}`;
}

function groupText(key: string, { address, hosts }: { address: HostAddress; hosts: readonly Host[] }): string {
  const [first] = hosts;
  if (hosts.length === 1) return `${key.padEnd(22)} ${hostText(first)}\n`;
  let text = `${key.padEnd(22)} is a NameVirtualHost\n         default server ${hostText(first)}\n`;
  for (const host of hosts) {
    text += `         port ${address.port ?? '*'} namevhost ${hostText(host)}\n`;
    for (const alias of host.aliases) if (!alias.isPattern) text += `                 alias ${alias.text}\n`;
    for (const alias of host.aliases) if (alias.isPattern) text += `                 wild alias ${alias.text}\n`;
  }
  return text;
}

function hostText({ serverName, place }: Host): string {
  return `${serverName} (${place.file}:${place.line})`;
}

function addressText({ address, port }: HostAddress): string {
  const host = address === undefined ? '*' : address.includes(':') ? `[${address}]` : address;
  return `${host}:${port ?? '*'}`;
}

/** `-D DUMP_RUN_CFG`. */
export function runText({ serverRoot, mainHost, server }: Snapshot): string {
  const lines = [
    `ServerRoot: "${serverRoot}"`,
    `Main DocumentRoot: "${mainHost.documentRoot ?? ''}"`,
    `Main ErrorLog: "${mainHost.errorLog ?? join(serverRoot, 'logs/error_log')}"`,
    `PidFile: "${pidFileOf(server)}"`,
    ...[...server.defines].map(([name, value]) => `Define: ${name}${value === '' ? '' : `=${value}`}`),
    ...accountLines(server.user, server.group),
  ];
  return `${lines.join('\n')}\n`;
}

function accountLines(user: string | undefined, group: string | undefined): string[] {
  if (user === undefined) return [];
  const account = accountOf(user);
  const gid = group === undefined ? account?.gid : groupIdOf(group);
  return [
    `User: name="${user}" id=${account?.uid ?? user.replace('#', '')}`,
    `Group: name="${group ?? user}" id=${gid ?? ''}`,
  ];
}
