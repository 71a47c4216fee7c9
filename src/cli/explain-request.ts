// `catflap explain`: why a request would be answered as it would, by asking the very code that serves. Nothing is sent to
// any backend.

import { systemClock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { explainRequest, freshFrontend, type Question } from '../frontend/rehearsal.ts';
import { type ConfigurationOptions, loadConfiguration, printFindings } from './configuration.ts';
import { explanationText } from './explain-text.ts';
import type { ResolveRule } from './main.ts';
import { resolver } from './resolve.ts';

export interface ExplainOptions extends ConfigurationOptions {
  readonly header?: readonly string[];
  readonly request?: string;
  readonly from?: string;
  readonly at?: string;
  readonly resolve?: readonly ResolveRule[];
  readonly json?: boolean;
}

/** @returns 0 with an explanation, 2 when the configuration has errors or the question makes no sense */
export async function runExplain(url: string, options: ExplainOptions): Promise<number> {
  const { snapshot, findings } = loadConfiguration(options, true);
  if (snapshot === undefined) {
    printFindings(
      findings.filter(({ severity }) => severity === 'error'),
      process.stderr,
    );
    process.stderr.write('There is nothing to explain: the configuration has errors.\n');
    return 2;
  }
  const frontend = freshFrontend(snapshot, systemClock, resolver(options.resolve ?? []));
  try {
    const explanation = await explainRequest(frontend, questionOf(url, options));
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(explanation, undefined, 2)}\n`
        : explanationText(explanation, snapshot.serverRoot),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    process.stderr.write(`catflap: ${error.message}\n`);
    return 2;
  } finally {
    frontend.site.retire();
  }
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
