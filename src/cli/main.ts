// The catflap command: its words and options. Every sub-command is one file beside this one, loaded only when asked for.

import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { version } from './dumps.ts';
import { explain } from './explain.ts';
import { CONTROL_COMMANDS, configurationOptions, controlOptions, explainOptions, frontOptions } from './options.ts';
import { type OnSignal, withoutResizing } from './signals.ts';

/** A command line that makes no sense; 1 is what `check` answers to warnings. */
const EXIT_USAGE = 2;

const CHECK_HELP = `
A finding is one line: file:line: severity: directive: message (code).
Exit code: 0 nothing wrong, 1 warnings, 2 errors.

Example: catflap check -f /etc/httpd/conf/httpd.conf -d /etc/httpd`;

const DEMO_HELP = `
A port that is taken is replaced by the next free one, which it says.
Ctrl-C ends everything.`;

/** Runs a command line. @param onSignal hands over signals, also those that came before @returns the exit code */
export async function main(args: readonly string[], onSignal: OnSignal): Promise<number> {
  let exitCode = 0;
  // Whoever reads what is printed may leave (`| head`), and a server outlives the terminal it was started from.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  const program = new Command('catflap')
    .description('The way in and out for Tomcats: runs httpd proxy configuration, and Node applications behind AJP.')
    .version(version())
    .enablePositionalOptions()
    .exitOverride();

  frontOptions(program.command('front').description('Run the frontend with an httpd configuration.'))
    .option(
      '--resolve <host[:port]=address[:port]>',
      'dial a backend elsewhere than its name says (repeatable)',
      addResolve,
    )
    .action(async (options) => {
      const { runFront } = await import('./front.ts');
      exitCode = await runFront(options, onSignal);
    });

  for (const { name, description, argument } of CONTROL_COMMANDS) {
    const command = controlOptions(program.command(name).description(description));
    if (argument !== undefined) command.argument('<operation>', argument[0]).argument('[arguments...]', argument[1]);
    command.action(async (...given: unknown[]) => {
      const { runControl } = await import('./control-commands.ts');
      exitCode = await runControl(name, given);
    });
  }

  configurationOptions(
    program.command('check').description('Check an httpd configuration and say what is wrong with it.'),
  )
    .option('--assume-files', 'missing files are warnings, not errors: for a check away from the real host')
    .addHelpText('after', CHECK_HELP)
    .action(async (options) => {
      const { runCheck } = await import('./check.ts');
      exitCode = await runCheck(options);
    });

  explainOptions(
    program.command('explain').description('Say why a request would be answered as it would, and by whom.'),
  )
    .option('--resolve <host[:port]=address[:port]>', 'as with front (repeatable)', addResolve)
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
      exitCode = await runDemo(options, withoutResizing(onSignal));
    });

  program
    .command('demo-member', { hidden: true })
    .description('One application server of the demo.')
    .requiredOption('--route <name>', 'its route (jvmRoute)')
    .requiredOption('--port <port>', 'its AJP port', parsePort)
    .action(async (options) => {
      const { runDemoMember } = await import('./demo-member.ts');
      exitCode = await runDemoMember(options, withoutResizing(onSignal));
    });

  program
    .command('keeper', { hidden: true })
    .description('What stays root beside a frontend that became User.')
    .action(async () => {
      const { runKeeper } = await import('./keeper-process.ts');
      exitCode = await runKeeper(onSignal);
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
