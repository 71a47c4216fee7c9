#!/bin/sh
':' //; trap '' USR1; n=node; f=--inspect-port=192.0.2.1:9229; case "$(node --version 2>/dev/null)" in v24.2[1-9].*|v24.[3-9]?.*|v2[5-9].*|v[3-9]?.*) ;; *) l="$(dirname "$(readlink -f "$0")")/../node_modules/.bin/node"; if [ -x "$l" ]; then n="$l"; else f=; fi ;; esac; exec "$n" $f "$0" "$@"
// The catflap command. The line above is for the shell. It picks a Node: where the machine's is too old, the one that a
// checkout has among its devDependencies. And since log rotation sends SIGUSR1, which must never open Node's debugger, it
// gives the debugger an address that no machine has; Node's own --disable-sigusr1 will not do, it blocks the signal for
// good. Below, signals are caught before anything else is loaded. Written so that old Nodes can read it.

import { existsSync } from 'fs';
import inspector from 'inspector';

const NEEDED = [24, 21];
const NO_DEBUGGER = '--inspect-port=192.0.2.1:9229';
const BLOCKS_SIGNAL = '--disable-sigusr1';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(`catflap needs Node ${NEEDED.join('.')} or later; this is Node ${process.versions.node}.\n`);
  process.exit(1);
}
if (process.execArgv.includes(BLOCKS_SIGNAL)) startAgain();

const early = [];
let receive = (signal) => early.push(signal);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGWINCH']) process.on(signal, () => receive(signal));
closeDebugger();

const source = new URL('../src/cli/main.ts', import.meta.url);
const built = new URL('../dist/cli/main.js', import.meta.url);
import(existsSync(source) ? source.href : built.href)
  .then(({ main }) => {
    closeDebugger();
    return main(process.argv.slice(2), (handler) => {
      receive = handler;
      for (const signal of early.splice(0)) handler(signal);
    });
  })
  .then((exitCode) => {
    process.exitCode = exitCode;
  })
  .catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !/^Cannot find package/.test(error.message)) throw error;
    process.stderr.write('catflap: the packages it needs are not installed; run npm ci first.\n');
    process.exitCode = 1;
  });

/** The same process begins anew, with SIGUSR1 unblocked and the debugger kept closed in the other way. */
function startAgain() {
  const options = process.execArgv.filter((option) => option !== BLOCKS_SIGNAL);
  process.execve(process.execPath, [process.execPath, NO_DEBUGGER, ...options, ...process.argv.slice(1)], process.env);
}

/** A SIGUSR1 that came before anything here ran may have opened it, if Node was called without any option. */
function closeDebugger() {
  if (inspector.url() !== undefined && !process.execArgv.some((option) => /^--inspect(?!-port)/.test(option)))
    inspector.close();
}
