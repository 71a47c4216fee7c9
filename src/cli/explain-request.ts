// `catflap explain`: why a request would be answered as it would, by asking the very code that serves: a frontend made
// for the question, or with `--live` the one that runs. Nothing is sent to any backend.

import { systemClock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Explanation } from '../frontend/explain/explanation.ts';
import { explainRequest, freshFrontend, type Question } from '../frontend/explain/rehearsal.ts';
import {
  type ConfigurationOptions,
  controlPathOf,
  loadConfiguration,
  placesLookedAt,
  printFindings,
  withDefaults,
} from './configuration.ts';
import { askControl } from './control-client.ts';
import { explanationText } from './explain-text.ts';
import type { ResolveRule } from './main.ts';
import { resolver } from './resolve.ts';

export interface ExplainOptions extends Partial<ConfigurationOptions> {
  readonly header?: readonly string[];
  readonly request?: string;
  readonly from?: string;
  readonly at?: string;
  readonly resolve?: readonly ResolveRule[];
  readonly json?: boolean;
  /** Ask the frontend that runs, with its members as they are. */
  readonly live?: boolean;
  /** Its control socket. */
  readonly control?: string;
}

/** @returns 0 with an explanation, 1 when nobody runs who could be asked, 2 when configuration or question are wrong */
export async function runExplain(url: string, options: ExplainOptions): Promise<number> {
  try {
    if (options.control !== undefined) {
      print(await askLive(options.control, questionOf(url, options)), '/', options);
      return 0;
    }
    const complete = withDefaults(options);
    if (complete === undefined) {
      const places = placesLookedAt(options.serverRoot);
      process.stderr.write(`error: name the configuration with -f; not found: ${places}\n`);
      return 2;
    }
    return await explainUnder(complete, url, options);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    process.stderr.write(`catflap: ${error.message}\n`);
    return QUESTION_CODES.has(error.code) ? 2 : 1;
  }
}

const QUESTION_CODES: ReadonlySet<string> = new Set(['bad-url', 'bad-question', 'bad-argument']);

async function explainUnder(
  configuration: ConfigurationOptions,
  url: string,
  options: ExplainOptions,
): Promise<number> {
  const { snapshot, findings, server } = loadConfiguration(configuration, true);
  if (options.live === true) {
    print(
      await askLive(controlPathOf(server, configuration), questionOf(url, options)),
      configuration.serverRoot ?? '/',
      options,
    );
    return 0;
  }
  if (snapshot === undefined) {
    printFindings(findings, process.stderr, 'error');
    process.stderr.write('There is nothing to explain: the configuration has errors.\n');
    return 2;
  }
  const frontend = freshFrontend(snapshot, systemClock, resolver(options.resolve ?? []));
  try {
    print(await explainRequest(frontend, questionOf(url, options)), snapshot.serverRoot, options);
    return 0;
  } finally {
    frontend.close();
    frontend.site.retire();
  }
}

async function askLive(path: string, question: Question): Promise<Explanation> {
  return (await askControl(path, 'explain', { ...question })) as Explanation;
}

function print(explanation: Explanation, root: string, { json }: ExplainOptions): void {
  process.stdout.write(
    json === true ? `${JSON.stringify(explanation, undefined, 2)}\n` : explanationText(explanation, root),
  );
}

/** @throws Failure `bad-question` */
export function questionOf(url: string, { header = [], request, from, at }: ExplainOptions): Question {
  const headers = header.map((text): [string, string] => {
    const colon = text.indexOf(':');
    if (colon < 1) throw new Failure('bad-question', 'downstream', `"${text}" is no header; write 'Name: value'`);
    return [text.slice(0, colon), Buffer.from(text.slice(colon + 1).trim(), 'utf8').toString('latin1')];
  });
  return { url, headers, method: request, from, at };
}
