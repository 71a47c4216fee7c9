// The gate between mapping and handler: judges who may enter, and lets an exchange wait while something has to be found
// out for that. Its answer is a call of `admit` or `fail`, at once where nothing must be waited for.

import { Failure } from '../../base/failure.ts';
import { FIELD } from '../../base/field-names.ts';
import { Fields } from '../../base/fields.ts';
import type { Log } from '../../base/log.ts';
import type { Link } from '../../link/link.ts';
import { type AccessVerdict, judgeAccess } from '../../site/access/access.ts';
import type { AccessRules } from '../../site/model.ts';
import type { Visit } from '../visit.ts';
import { Inquirer, Inquiry } from './inquiry.ts';
import { Waiting } from './waiting.ts';

/** What the gate asks of the frontend. */
export interface GateHooks {
  /** The client may be here. */
  admit(visit: Visit): void;
  fail(visit: Visit, status: number, failure?: Failure): void;
  /** Something was thrown after a wait: an expression that cannot be evaluated is answered, all else thrown again. */
  broke(visit: Visit, error: unknown): void;
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
    visit.knownUser = exchange.user;
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
    let verdict = judgeFromNobody(rules, visit);
    if (verdict === 'wait' && visit.inquiry === undefined) {
      visit.inquiry = new Inquiry(this.#inquirer, visit.exchange);
      verdict = judgeFromNobody(rules, visit);
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
      () => {
        try {
          this.#judge(visit, rules);
        } catch (error) {
          this.#hooks.broke(visit, error);
        }
      },
    );
  }

  #refuse(visit: Visit, status: number, rules: AccessRules): void {
    if (status === 401) visit.challenge = challenge(rules, visit);
    if (status < 500) {
      this.#hooks.fail(visit, status);
      return;
    }
    const why =
      visit.inquiry?.problem ?? 'a user is asked for, and nothing says how to log in (AuthType Basic, AuthName)';
    this.#hooks.fail(visit, status, new Failure('access-undecided', 'internal', why, { status }));
  }
}

/** A quote in the name of the place that is not escaped yet gets a backslash: it would end the name. */
function challenge(rules: AccessRules, visit: Visit): string {
  const realm = rules.authentication?.realm?.text(visit.subject) ?? '';
  return `Basic realm="${realm.replace(/\\[\s\S]|"/g, (found) => (found === '"' ? '\\"' : found)).replace(NO_FIELD, ' ')}"`;
}

/** Octets that may not stand in a field value (RFC 9110 §5.5): a realm may come from the request. */
const NO_FIELD = /[^\t\x20-\x7e\x80-\xff]/g;

/** What was claimed in an earlier judging, and not proved yet, is no fact in this one. */
function judgeFromNobody(rules: AccessRules, visit: Visit): AccessVerdict {
  visit.exchange.user = visit.knownUser;
  visit.exchange.authType = undefined;
  return judgeAccess(rules, visit);
}

/** AuthBasicFake: the backend is told a user and a password of the configuration's choice, or none at all. */
export function fakeAuthorization(visit: Visit): void {
  const fake = visit.settings.access?.authentication?.fake;
  if (fake === undefined || fake === 'off') return;
  const user = fake.user.text(visit.subject);
  const password = user === '' ? '' : fake.password.text(visit.subject);
  const { fields } = visit.exchange.request;
  if (user === '' || password === '') fields.removeKnown(FIELD.Authorization);
  else fields.setKnown(FIELD.Authorization, `Basic ${Buffer.from(`${user}:${password}`, 'latin1').toString('base64')}`);
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
