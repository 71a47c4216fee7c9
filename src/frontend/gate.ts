// The gate between mapping and handler: judges who may enter, and lets an exchange wait while something has to be found
// out for that. Its answer is a call of `admit` or `fail`, at once where nothing must be waited for.

import { Failure } from '../base/failure.ts';
import { FIELD } from '../base/field-names.ts';
import { Fields } from '../base/fields.ts';
import type { Log } from '../base/log.ts';
import type { Link } from '../link/link.ts';
import { type AccessVerdict, judgeAccess } from '../site/access.ts';
import type { AccessRules } from '../site/model.ts';
import { Inquirer, Inquiry } from './inquiry.ts';
import type { Visit } from './visit.ts';
import { Waiting } from './waiting.ts';

/** What the gate asks of the frontend. */
export interface GateHooks {
  /** The client may be here. */
  admit(visit: Visit): void;
  fail(visit: Visit, status: number, failure?: Failure): void;
}

export class Gate {
  readonly #link: Link;
  readonly #inquirer: Inquirer;
  readonly #hooks: GateHooks;

  constructor(link: Link, log: Log, hooks: GateHooks) {
    this.#link = link;
    this.#inquirer = new Inquirer(link, log);
    this.#hooks = hooks;
  }

  /** Judges by the settings of the visit. */
  enter(visit: Visit): void {
    const { settings, exchange } = visit;
    // A page of an error, an index: under the same settings it is not judged again, and the user stays, as in httpd.
    if (visit.judged === settings) {
      exchange.user = visit.lastUser;
      exchange.authType = visit.lastAuthType;
      this.#hooks.admit(visit);
      return;
    }
    visit.judged = settings;
    const { access } = settings;
    if (access !== undefined) {
      this.#judge(visit, access);
      return;
    }
    visit.trace?.accessJudged(false, true);
    this.#hooks.admit(visit);
  }

  /** Ends what runs beside the loop. */
  close(): void {
    this.#inquirer.close();
  }

  /** What cannot be judged yet is judged again when it can be. */
  #judge(visit: Visit, rules: AccessRules): void {
    let verdict: AccessVerdict;
    try {
      verdict = judgeFromNobody(rules, visit);
      if (verdict === 'wait' && visit.inquiry === undefined) {
        visit.inquiry = new Inquiry(this.#inquirer, visit.exchange);
        verdict = judgeFromNobody(rules, visit);
      }
    } catch (error) {
      // An expression that cannot be evaluated lets nobody in.
      if (!(error instanceof Failure)) throw error;
      this.#hooks.fail(visit, 500, error);
      return;
    }
    if (verdict !== 'wait') visit.trace?.accessJudged(true, verdict === 'in');
    if (verdict === 'in') this.#hooks.admit(visit);
    else if (verdict === 'wait') this.#wait(visit, visit.inquiry as Inquiry, rules);
    else this.#refuse(visit, verdict, rules);
  }

  #wait(visit: Visit, inquiry: Inquiry, rules: AccessRules): void {
    Waiting.until(
      visit.exchange,
      this.#link,
      (done) => inquiry.find(done),
      () => this.#judge(visit, rules),
    );
  }

  #refuse(visit: Visit, status: number, rules: AccessRules): void {
    if (status === 401) visit.challenge = `Basic realm="${rules.authentication?.realm ?? ''}"`;
    if (status < 500) {
      this.#hooks.fail(visit, status);
      return;
    }
    const why =
      visit.inquiry?.problem ?? 'a user is asked for, and nothing says how to log in (AuthType Basic, AuthName)';
    this.#hooks.fail(visit, status, new Failure('access-undecided', 'internal', why, { status }));
  }
}

/** What was claimed in an earlier judging, and not proved yet, is no fact in this one. */
function judgeFromNobody(rules: AccessRules, visit: Visit): AccessVerdict {
  visit.exchange.user = undefined;
  visit.exchange.authType = undefined;
  return judgeAccess(rules, visit);
}

/**
 * Puts the challenge of a 401 where httpd puts it: into our own page, past all Header directives; before the page of an
 * ErrorDocument among the fields that `Header always` sees.
 */
export function challengeOf({ challenge, exchange, isOwnError }: Visit): Fields | undefined {
  if (challenge === undefined) return undefined;
  const fields = isOwnError ? exchange.response.fields : new Fields();
  fields.addKnown(FIELD['WWW-Authenticate'], challenge);
  return isOwnError ? undefined : fields;
}
