// A program that runs to its end, for tests: what it printed, and how it ended.

import { spawn } from 'node:child_process';

export interface CommandOptions {
  cwd?: string;
  /** Beside the environment of the test. */
  env?: Record<string, string>;
  /** It is killed then. Default 60 s. */
  limitMs?: number;
}

export interface CommandResult {
  /** Exit code, or the name of the signal that ended it. */
  code: number | string;
  stdout: string;
  stderr: string;
}

export function runCommand(
  [program, ...words]: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      timeout: options.limitMs ?? 60_000,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (bytes: Buffer) => {
        said[name] += bytes.toString();
      });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? signal ?? '', ...said }));
  });
}

/** The same, for what must succeed. @throws Error with what it said */
export async function mustRun(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const result = await runCommand(command, options);
  if (result.code === 0) return result;
  throw new Error(`${command.join(' ')} ended with ${result.code}:\n${result.stdout}${result.stderr}`);
}
