// Which test shows that a directive or a parameter works: read from the tests themselves and from the recorded scenarios,
// so that no list has to be kept. A title that names it is best, then a comment, then a scenario, then a test's text.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NOT_YET } from '../test/system/behaviours-not-yet.ts';
import { PROJECT } from './check.ts';

/** A test, or a recorded scenario that the suite replays. */
export interface Proof {
  /** Below the project's folder. */
  readonly file: string;
  /** The title of a test or the id of a scenario; undefined: what the file's tests share. */
  readonly title: string | undefined;
}

/** A piece of text that may prove something. The lower the rank, the better it names what it proves. */
interface Evidence extends Proof {
  readonly rank: number;
  readonly text: string;
}

const RANK = { title: 0, comment: 1, scenario: 2, text: 3, shared: 4 };
const SCENARIO_TEST = 'test/system/behaviours.test.ts';
/** What tests begin with: at the left margin, or one step in when a loop makes them of a table. */
const TEST_START = /^(?: {2})*(?:await )?(?:test|it)\(\s*(?:'((?:[^'\\\n]|\\.)*)'|`([^`]*)`|"([^"]*)"|)/gm;

const COMMENT_BEFORE = /(?:(?<=\n)[ ]*(?:\/\/|\/\*\*)[^\n]*\n)+$/;

/** Everything that proves something, the best first and otherwise in the order of the files. */
export class Proofs {
  readonly #evidence: readonly Evidence[];

  constructor(evidence: readonly Evidence[]) {
    this.#evidence = [...evidence].sort((a, b) => a.rank - b.rank);
  }

  /** @param named finds it in the words of a title or a comment @param used finds it at work in a configuration */
  of(named: RegExp, used: RegExp): Proof | undefined {
    return this.#evidence.find(({ rank, text }) => (rank < RANK.scenario ? named : used).test(text));
  }

  static ofProject(): Proofs {
    const files = globSync('test/{unit,system,peers}/**/*.test.ts', { cwd: PROJECT })
      .filter((file) => !file.startsWith('test/unit/docs/') && !file.startsWith('test/unit/scripts/'))
      .sort();
    const ofTests = files.flatMap((file) => evidenceOf(file, readFileSync(join(PROJECT, file), 'utf8')));
    return new Proofs([...ofTests, ...evidenceOfScenarios()]);
  }
}

/** What the text of a test file holds: what its tests share, and each test with the comments and tables before it. */
export function evidenceOf(file: string, text: string): Evidence[] {
  const starts = [...text.matchAll(TEST_START)];
  const first = starts[0]?.index ?? text.length;
  const all: Evidence[] = [{ file, title: undefined, rank: RANK.shared, text: readable(text.slice(0, first)) }];
  starts.forEach((start, i) => {
    const title = start[1] ?? start[2] ?? start[3];
    // What stands right above the next test speaks of that one.
    const body = readable(text.slice(start.index, starts[i + 1]?.index ?? text.length).replace(COMMENT_BEFORE, ''));
    const before = text.slice(0, start.index);
    const comment = COMMENT_BEFORE.exec(before)?.[0] ?? '';
    all.push({ file, title, rank: RANK.title, text: title ?? '' });
    const within = body.match(/\/\/ .*$/gm) ?? [];
    all.push({ file, title, rank: RANK.comment, text: [comment, ...within].join('\n') });
    all.push({ file, title, rank: RANK.text, text: body });
  });
  return all;
}

/** Source as the configuration that its texts hold would look. */
function readable(source: string): string {
  return source.replaceAll('\\n', '\n');
}

interface Scenario {
  readonly id: string;
  readonly replay: string;
}

/** Scenarios that the suite replays and that hold. */
function evidenceOfScenarios(): Evidence[] {
  const isOpen = new Set(NOT_YET.map(({ id }) => id));
  return globSync('test/data/behaviours/modproxy.json', { cwd: PROJECT }).flatMap((file) => {
    const { scenarios } = JSON.parse(readFileSync(join(PROJECT, file), 'utf8')) as { scenarios: Scenario[] };
    return scenarios
      .filter(({ id, replay }) => replay !== 'partial' && !isOpen.has(id))
      .map((scenario) => ({
        file: SCENARIO_TEST,
        title: scenario.id,
        rank: RANK.scenario,
        text: JSON.stringify(scenario).replaceAll('\\n', '\n'),
      }));
  });
}
