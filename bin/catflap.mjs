#!/bin/sh
':' //; n=node; case "$(node --version 2>/dev/null)" in v2[4-9].*|v[3-9][0-9].*) f=--disable-sigusr1 ;; *) f=; l="$(dirname "$(readlink -f "$0")")/../node_modules/.bin/node"; [ -x "$l" ] && n="$l" f=--disable-sigusr1 ;; esac; exec "$n" $f "$0" "$@"
// The catflap command. The line above is for the shell: it starts Node with its debugger's signal switched off, since
// log rotation sends SIGUSR1; where the machine's Node is too old, the one that a checkout has among its devDependencies.
// Below, signals are caught before anything else is loaded.

const NEEDED = [24, 21];
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(`catflap needs Node ${NEEDED.join('.')} or later; this is Node ${process.versions.node}.\n`);
  process.exit(1);
}

const early = [];
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'];
let receive = (signal) => early.push(signal);
for (const signal of signals) process.on(signal, () => receive(signal));

const { existsSync } = await import('node:fs');
const source = new URL('../src/cli/main.ts', import.meta.url);
const { main } = await import(existsSync(source) ? source.href : new URL('../dist/cli/main.js', import.meta.url).href);
process.exitCode = await main(process.argv.slice(2), (handler) => {
  receive = handler;
  for (const signal of early.splice(0)) handler(signal);
});
