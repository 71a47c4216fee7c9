// The catflap command: its words and options. Every sub-command is one file beside this one, loaded only when asked for.

import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { OnSignal } from './signals.ts';

/** Runs a command line. @param onSignal hands over signals, also those that came before @returns the exit code */
export async function main(args: readonly string[], onSignal: OnSignal): Promise<number> {
  let exitCode = 0;
  const program = new Command('catflap')
    .description('The way in and out for Tomcats: runs httpd proxy configuration, and Node applications behind AJP.')
    .version(version())
    .exitOverride()
    .showHelpAfterError('(catflap --help tells more)');

  configurationOptions(
    program.command('front').description('Run the frontend in the foreground with an httpd configuration.'),
  )
    .option(
      '--resolve <host[:port]=address[:port]>',
      'dial a backend elsewhere than its name says; may repeat',
      addResolve,
      [],
    )
    .option('--json-log', 'write log events as JSON to standard error')
    .action(async (options) => {
      const { runFront } = await import('./front.ts');
      exitCode = await runFront(options, onSignal);
    });

  configurationOptions(
    program.command('check').description('Check an httpd configuration and say what is wrong with it.'),
  )
    .option('--assume-files', 'files that only the real host has are warnings, not errors')
    .action(async (options) => {
      const { runCheck } = await import('./check.ts');
      exitCode = await runCheck(options);
    });

  program
    .command('demo')
    .description('Run a whole site on this machine: a frontend and two Node members over AJP.')
    .option('-p, --port <port>', 'port of the frontend', parsePort, 8080)
    .option('--folder <folder>', 'where its configuration is written; a new temporary folder by default')
    .action(async (options) => {
      const { runDemo } = await import('./demo.ts');
      exitCode = await runDemo(options, onSignal);
    });

  program
    .command('demo-member', { hidden: true })
    .description('One application server of the demo.')
    .requiredOption('--route <name>', 'its route (jvmRoute)')
    .requiredOption('--port <port>', 'its AJP port', parsePort)
    .action(async (options) => {
      const { runDemoMember } = await import('./demo-member.ts');
      exitCode = await runDemoMember(options, onSignal);
    });

  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode;
  }
  return exitCode;
}

/** Options that `front` and `check` share, spelled as httpd spells them. */
function configurationOptions(command: Command): Command {
  return command
    .requiredOption('-f, --file <file>', 'the configuration file, e.g. httpd.conf')
    .option('-d, --server-root <folder>', 'ServerRoot: where relative paths begin; the file may set its own')
    .option('-C, --before <directive>', 'a directive to read before the file; may repeat', collect, [])
    .option('-c, --after <directive>', 'a directive to read after the file; may repeat', collect, [])
    .option('-D, --define <name>', 'a name for <IfDefine>; may repeat', collect, []);
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new InvalidArgumentError('a port is a number from 0 to 65535.');
  return port;
}

/** One `--resolve` rule: what to dial instead. Ports are undefined where the rule does not name one. */
export interface ResolveRule {
  readonly fromHost: string;
  readonly fromPort: number | undefined;
  readonly toHost: string;
  readonly toPort: number | undefined;
}

function addResolve(text: string, previous: ResolveRule[]): ResolveRule[] {
  const [from, to, ...rest] = text.split('=');
  if (from === undefined || to === undefined || rest.length > 0 || from === '' || to === '') {
    throw new InvalidArgumentError('it is written host[:port]=address[:port], e.g. 192.168.1.3:8009=127.0.0.1:8009.');
  }
  const source = hostAndPort(from);
  const target = hostAndPort(to);
  return [
    ...previous,
    { fromHost: source.host.toLowerCase(), fromPort: source.port, toHost: target.host, toPort: target.port },
  ];
}

/** Splits `host`, `host:port`, `[v6]`, `[v6]:port` and bare IPv6 addresses. */
function hostAndPort(text: string): { host: string; port: number | undefined } {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text);
  if (match === null) return { host: text, port: undefined };
  return { host: (match[1] ?? match[2]) as string, port: match[3] === undefined ? undefined : parsePort(match[3]) };
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
