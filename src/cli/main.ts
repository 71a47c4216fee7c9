// The catflap command: its words and options. Every sub-command is one file beside this one, loaded only when asked for.

import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { explain } from './explain.ts';
import type { OnSignal } from './signals.ts';

/** A command line that makes no sense; 1 is what `check` answers to warnings. */
const EXIT_USAGE = 2;

const FRONT_HELP = `
It says what it listens on, and stays in the foreground.
  SIGTERM, SIGINT   answer what is in progress, then end; a second one ends at once
  SIGHUP, SIGUSR1   open the logs anew, for log rotation

Example: catflap front -d /etc/httpd -f conf/httpd.conf`;

const CHECK_HELP = `
A finding is one line: file:line: severity: directive: message (code).
Exit code: 0 nothing wrong, 1 warnings, 2 errors.

Example: catflap check -f /etc/httpd/conf/httpd.conf -d /etc/httpd`;

const EXPLAIN_HELP = `
Says which host, mapping, sections and access rules take the request, where its session is found, which member would
get it and why, and what that member would be told. Nothing is sent anywhere.
Exit code: 0 explained, 2 the configuration or the question is wrong.

Example: catflap explain -f /etc/httpd/conf/httpd.conf -H 'Cookie: JSESSIONID=1A2B.jvm1' http://www.example.com/app/`;

const DEMO_HELP = `
A port that is taken is replaced by the next free one, which it says.
Ctrl-C ends everything.`;

/** Runs a command line. @param onSignal hands over signals, also those that came before @returns the exit code */
export async function main(args: readonly string[], onSignal: OnSignal): Promise<number> {
  let exitCode = 0;
  const program = new Command('catflap')
    .description('The way in and out for Tomcats: runs httpd proxy configuration, and Node applications behind AJP.')
    .version(version())
    .exitOverride();

  configurationOptions(
    program.command('front').description('Run the frontend in the foreground with an httpd configuration.'),
  )
    .option(
      '--resolve <host[:port]=address[:port]>',
      'dial a backend elsewhere than its name says (repeatable)',
      addResolve,
    )
    .option('--json-log', 'write log events as JSON to standard error, and not to ErrorLog')
    .addHelpText('after', FRONT_HELP)
    .action(async (options) => {
      const { runFront } = await import('./front.ts');
      exitCode = await runFront(options, onSignal);
    });

  configurationOptions(
    program.command('check').description('Check an httpd configuration and say what is wrong with it.'),
  )
    .option('--assume-files', 'missing files are warnings, not errors: for a check away from the real host')
    .addHelpText('after', CHECK_HELP)
    .action(async (options) => {
      const { runCheck } = await import('./check.ts');
      exitCode = await runCheck(options);
    });

  configurationOptions(
    program.command('explain').description('Say why a request would be answered as it would, and by whom.'),
  )
    .argument('<url>', 'http://host[:port]/path?query, or only a path')
    .option('-H, --header <line>', "a request header, 'Name: value' (repeatable)", collect)
    .option('-X, --request <method>', 'the method (default: GET)')
    .option('--from <address>', 'address of the client (default: 127.0.0.1)')
    .option('--at <address>', 'address of this machine that the request comes to')
    .option('--resolve <host[:port]=address[:port]>', 'as with front (repeatable)', addResolve)
    .option('--json', 'all facts as JSON')
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (url, options) => {
      const { runExplain } = await import('./explain-request.ts');
      exitCode = await runExplain(url, options);
    });

  program
    .command('demo')
    .description('Run a whole site on this machine: a frontend and two Node members over AJP.')
    .option('-p, --port <port>', 'port of the frontend', parsePort, 8080)
    .option('--folder <folder>', 'where its configuration is written (default: a new temporary folder)')
    .addHelpText('after', DEMO_HELP)
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

  for (const command of [program, ...program.commands])
    command.showHelpAfterError(`(${command === program ? '' : 'catflap '}${command.name()} --help tells more)`);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    // What the system refuses is told in a line; anything else is a fault of the program, and its stack is wanted.
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    process.stderr.write(`catflap: ${explain(error)}\n`);
    return 1;
  }
  return exitCode;
}

/** Options that `front` and `check` share, spelled as httpd spells them. */
function configurationOptions(command: Command): Command {
  return command
    .requiredOption('-f, --file <file>', 'the configuration file, such as httpd.conf')
    .option('-d, --server-root <folder>', "ServerRoot, where relative paths begin (default: the file's folder)")
    .option('-C, --before <directive>', 'a directive to read before the file (repeatable)', collect)
    .option('-c, --after <directive>', 'a directive to read after the file (repeatable)', collect)
    .option('-D, --define <name>', 'a name for <IfDefine> (repeatable)', collect);
}

function collect(value: string, previous: readonly string[] = []): string[] {
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

function addResolve(text: string, previous: readonly ResolveRule[] = []): ResolveRule[] {
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
