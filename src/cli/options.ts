// The words of the command line that several commands share, and those of `front`, which are httpd's.

import { type Command, Option } from 'commander';

const FRONT_HELP = `
Without -k it stays in the foreground. -k start puts it in the background, as httpd does, unless -D FOREGROUND or -X
is given; the other words of -k signal the process that PidFile names.
  SIGTERM, SIGINT   answer what is in progress, then end; a second one ends at once
  SIGUSR1           read the configuration again and open the logs anew; nobody is cut off (graceful)
  SIGHUP            the same, with all counters at zero; what takes too long is cut off (restart)
  SIGWINCH          end when all is answered, however long it takes (graceful-stop)
A configuration that is wrong leaves the one in force untouched.

Examples:
  catflap front -d /etc/httpd -f conf/httpd.conf -k start
  catflap front --workers workers.properties --mounts uriworkermap.properties --listen 127.0.0.1:8080`;

const CONTROL_HELP = `
The running frontend is found by its control socket: beside PidFile, or in DefaultRuntimeDir, of the configuration.`;

const EXPLAIN_HELP = `
Says which host, mapping, sections and access rules take the request, where its session is found, which member would
get it and why, and what that member would be told. Nothing is sent anywhere.
With --live the running frontend is asked, whose members are as they are now; nothing of it is changed.
Exit code: 0 explained, 1 no frontend runs that could be asked, 2 the configuration or the question is wrong.

Example: catflap explain -f /etc/httpd/conf/httpd.conf -H 'Cookie: JSESSIONID=1A2B.jvm1' http://www.example.com/app/`;

/** Commands that speak to a running frontend. */
export const CONTROL_COMMANDS: readonly {
  readonly name: 'status' | 'reload' | 'stop' | 'control';
  readonly description: string;
  /** Descriptions of the operation and of its arguments. */
  readonly argument?: readonly [string, string];
}[] = [
  { name: 'status', description: 'Say how a running frontend fares: balancers, members, listeners, reloads.' },
  { name: 'reload', description: 'Let a running frontend read its configuration again; says what is wrong with it.' },
  { name: 'stop', description: 'Let a running frontend end when what is in progress is answered.' },
  {
    name: 'control',
    description: 'Let a running frontend carry out an operation; `control list` names them.',
    argument: ['name of the operation', 'its arguments, name=value'],
  },
];

/** Options of every command that reads a configuration, spelled as httpd spells them. */
export function configurationOptions(command: Command): Command {
  return furtherConfigurationOptions(
    command.option('-f, --file <file>', 'the configuration file (default: conf/httpd.conf below ServerRoot)'),
  );
}

/** Options of `front`. */
export function frontOptions(command: Command): Command {
  return furtherConfigurationOptions(
    command.option('-f, --file <file>', 'the configuration file (default: conf/httpd.conf below ServerRoot)'),
  )
    .addOption(
      new Option('-k, --signal <word>', 'start in the background, or signal the running process').choices([
        'start',
        'stop',
        'restart',
        'graceful',
        'graceful-stop',
      ]),
    )
    .option('-t, --syntax', 'check the configuration and end: "Syntax OK" or what is wrong')
    .option('-S, --hosts', 'print virtual hosts and settings of the process')
    .option('-M, --modules', 'print the modules that LoadModule names')
    .option('-l, --compiled', 'print the modules that are built in')
    .option('-L, --directives', 'print the directives that are known')
    .option('-v, --server-version', 'print the version')
    .option('-V, --build', 'print the version and where things are')
    .option('-T, --skip-document-root', 'start even if a DocumentRoot is missing')
    .option('-X, --debug', 'never go to the background')
    .option(
      '-e, --startup-level <level>',
      'the least severe findings that are told at the start: error, warn, notice …',
    )
    .option('-E, --startup-log <file>', 'where findings of the start are told (default: standard error)')
    .option('--control <path>', 'path of the control socket, or none (default: beside PidFile)')
    .option('--json-log', 'write log events as JSON to standard error, and not to ErrorLog')
    .addHelpText('after', FRONT_HELP);
}

/** Options of the commands that speak to a running frontend. */
export function controlOptions(command: Command): Command {
  return furtherConfigurationOptions(
    command.option('-f, --file <file>', 'its configuration file (default: conf/httpd.conf below ServerRoot)'),
  )
    .option('--control <path>', 'path of the control socket, for one that was started with --control')
    .option('--json', 'the answer as JSON')
    .addHelpText('after', CONTROL_HELP);
}

/** Argument and options of `explain`. */
export function explainOptions(command: Command): Command {
  return furtherConfigurationOptions(
    command
      .argument('<url>', 'http://host[:port]/path?query, or only a path')
      .option('-f, --file <file>', 'the configuration file (default: conf/httpd.conf below ServerRoot)'),
  )
    .option('-H, --header <line>', "a request header, 'Name: value' (repeatable)", collect)
    .option('-X, --request <method>', 'the method (default: GET)')
    .option('--from <address>', 'address of the client (default: 127.0.0.1)')
    .option('--at <address>', 'address of this machine that the request comes to')
    .option('--live', 'ask the running frontend')
    .option('--control <path>', 'ask the one behind this control socket')
    .option('--json', 'all facts as JSON')
    .addHelpText('after', EXPLAIN_HELP);
}

function furtherConfigurationOptions(command: Command): Command {
  return command
    .option('-d, --server-root <folder>', "ServerRoot, where relative paths begin (default: the file's folder)")
    .option('-C, --before <directive>', 'a directive to read before the file (repeatable)', collect)
    .option('-c, --after <directive>', 'a directive to read after the file (repeatable)', collect)
    .option('-D, --define <name>', 'a name for <IfDefine> (repeatable)', collect)
    .option('--workers <file>', "mod_jk's workers.properties (JkWorkersFile); without -f no other file is needed")
    .option('--worker-property <line>', 'a line of workers.properties (JkWorkerProperty; repeatable)', collect)
    .option('--mounts <file>', 'uriworkermap.properties (JkMountFile), read again when it has changed')
    .option('--mount <rule>', "a rule of it, '/app/*=balancer' (JkMount, JkUnMount; repeatable)", collect)
    .option('--listen <address>', 'where to listen: 8080, 127.0.0.1:8080, [::1]:8080 (Listen; repeatable)', collect);
}

export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}
