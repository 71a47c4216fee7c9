// What access rules ask about one client that takes time to find out: its host name, whether its password is right, its
// groups. Made only for requests whose rules ask for such a thing; what was found out stays until the exchange ends.
// Source of what each answer of Basic authentication leads to: mod_auth_basic and mod_authn_file as observed.

import { FIELD } from '../../base/field-names.ts';
import type { Log } from '../../base/log.ts';
import { FreshFile } from '../../credentials/fresh-file.ts';
import {
  type GroupFile,
  type PasswordFile,
  parseGroupFile,
  parsePasswordFile,
} from '../../credentials/password-file.ts';
import { PasswordVerifier } from '../../credentials/verifier.ts';
import { ClientNames } from '../../link/client-names.ts';
import type { Link } from '../../link/link.ts';
import type { Exchange } from '../../listener/exchange.ts';
import type { AuthenticationOutcome } from '../../site/access/access.ts';
import type { Authentication } from '../../site/model.ts';
import type { TakeBack } from './waiting.ts';

/** Lines of password files that were told of; then the memory starts anew. */
const TOLD_MAX = 1_000;
const NO_GROUPS: ReadonlySet<string> = new Set();

/** Who finds things out; one for all exchanges of a frontend. */
export class Inquirer {
  readonly names: ClientNames;
  readonly verifier: PasswordVerifier;
  readonly log: Log;
  readonly #passwords = new Map<string, FreshFile<PasswordFile>>();
  readonly #groups = new Map<string, FreshFile<GroupFile>>();
  readonly #told = new Set<string>();

  constructor(link: Link, log: Log) {
    this.names = new ClientNames(link.clock);
    this.verifier = new PasswordVerifier(link.clock);
    this.log = log;
  }

  /** At most one per name in the configuration. */
  passwordFile(path: string): FreshFile<PasswordFile> {
    return fileOf(this.#passwords, path, parsePasswordFile);
  }

  groupFile(path: string): FreshFile<GroupFile> {
    return fileOf(this.#groups, path, parseGroupFile);
  }

  /** Says once why a line of a password file lets nobody in. */
  tell(file: string, line: number, problem: string): void {
    const place = `${file}:${line}`;
    if (this.#told.has(place)) return;
    if (this.#told.size >= TOLD_MAX) this.#told.clear();
    this.#told.add(place);
    this.log.warn('password-not-taken', { place, why: problem });
  }

  close(): void {
    this.verifier.close();
  }
}

function fileOf<T>(known: Map<string, FreshFile<T>>, path: string, parse: (octets: string) => T): FreshFile<T> {
  let file = known.get(path);
  if (file === undefined) {
    file = new FreshFile(path, parse);
    known.set(path, file);
  }
  return file;
}

type Wanted =
  | { readonly kind: 'host' }
  | { readonly kind: 'addresses'; readonly name: string }
  | { readonly kind: 'user'; readonly how: Authentication; readonly user: string; readonly password: Buffer }
  | { readonly kind: 'groups'; readonly user: string; readonly file: string };

export class Inquiry {
  readonly #inquirer: Inquirer;
  readonly #exchange: Exchange;
  readonly #addresses = new Map<string, readonly string[]>();
  readonly #groups = new Map<string, ReadonlySet<string>>();
  #host: string | undefined = undefined;
  #wanted: Wanted | undefined = undefined;
  #authentication: { readonly how: Authentication; readonly outcome: AuthenticationOutcome } | undefined = undefined;
  /** Why nothing could be found out, for the log. */
  problem: string | undefined = undefined;

  constructor(inquirer: Inquirer, exchange: Exchange) {
    this.#inquirer = inquirer;
    this.#exchange = exchange;
  }

  clientHost(): string | undefined {
    if (this.#host === undefined) this.#wanted = { kind: 'host' };
    return this.#host;
  }

  addressesOf(name: string): readonly string[] | undefined {
    const addresses = this.#addresses.get(name);
    if (addresses === undefined) this.#wanted = { kind: 'addresses', name };
    return addresses;
  }

  groupsOf(user: string, file: string): ReadonlySet<string> | undefined {
    const groups = this.#groups.get(`${file}\0${user}`);
    if (groups === undefined) this.#wanted = { kind: 'groups', user, file };
    return groups;
  }

  authenticate(how: Authentication): AuthenticationOutcome | 'wait' {
    const exchange = this.#exchange;
    exchange.authType = 'Basic';
    const credentials = readCredentials(exchange.request.fields.getKnown(FIELD.Authorization));
    if (credentials === undefined) return REFUSED;
    // Known from now on as who he says he is, whatever comes of it: the log names him, as httpd's does.
    exchange.user = credentials.user;
    if (this.#authentication?.how === how) return this.#authentication.outcome;
    if (credentials.password.includes(0) || credentials.user.includes('\0')) return REFUSED;
    this.#wanted = { kind: 'user', how, ...credentials };
    return 'wait';
  }

  /** Finds out what was last asked for, and says when it is known. */
  find(done: () => void): TakeBack | undefined {
    const wanted = this.#wanted;
    const { names } = this.#inquirer;
    switch (wanted?.kind) {
      case 'host':
        names.hostOf(this.#exchange.clientAddress, (host) => {
          this.#host = host;
          done();
        });
        return undefined;
      case 'addresses':
        names.addressesOf(wanted.name, (addresses) => {
          this.#addresses.set(wanted.name, addresses);
          done();
        });
        return undefined;
      case 'groups':
        this.#findGroups(wanted.user, wanted.file, done);
        return undefined;
      case 'user':
        return this.#findUser(wanted, done);
      default:
        done();
        return undefined;
    }
  }

  #findGroups(user: string, file: string, done: () => void): void {
    this.#inquirer.groupFile(file).read((groups, error) => {
      if (error !== undefined) this.#inquirer.log.error('group-file-unread', { file, error: error.message });
      this.#groups.set(`${file}\0${user}`, groups?.get(user) ?? NO_GROUPS);
      done();
    });
  }

  #findUser({ how, user, password }: Extract<Wanted, { kind: 'user' }>, done: () => void): TakeBack {
    let takeBack: TakeBack | undefined;
    let isTakenBack = false;
    const answer = (outcome: AuthenticationOutcome, problem?: string): void => {
      this.#authentication = { how, outcome };
      this.problem = problem;
      done();
    };
    if (how.userFile === undefined) {
      answer(BROKEN, 'there is no AuthUserFile to look for users in');
      return () => {};
    }
    const { userFile } = how;
    this.#inquirer.passwordFile(userFile).read((file, error) => {
      if (isTakenBack) return;
      if (file === undefined) {
        answer(BROKEN, `the password file cannot be read: ${error?.message}`);
        return;
      }
      const entry = file.users.get(user);
      if (entry?.problem !== undefined) this.#inquirer.tell(userFile, entry.line, entry.problem);
      const unknown: AuthenticationOutcome =
        entry === undefined && how.isAuthoritative === false ? { kind: 'declined' } : REFUSED;
      // Whoever is not there is looked at for as long as somebody who is: nobody learns who has a password here.
      const isDecoy = entry === undefined || entry.problem !== undefined;
      const stored = isDecoy ? pickDecoy(file.verifiable, user) : entry.stored;
      if (stored === undefined) answer(unknown);
      else
        takeBack = this.#inquirer.verifier.verify(password, stored, isDecoy, (verification) => {
          if (verification === 'right') answer({ kind: 'user', user });
          else if (verification === 'wrong') answer(isDecoy ? unknown : REFUSED);
          else if (verification === 'busy') answer({ kind: 'busy' }, 'too many passwords wait to be verified');
          else answer(BROKEN, 'the thread that verifies passwords has ended');
        });
    });
    return () => {
      isTakenBack = true;
      takeBack?.();
    };
  }
}

const REFUSED: AuthenticationOutcome = { kind: 'refused' };
const BROKEN: AuthenticationOutcome = { kind: 'broken' };

/** The same for the same name, so that asking again tells nothing. */
function pickDecoy(verifiable: readonly string[], user: string): string | undefined {
  let sum = 0;
  for (let i = 0; i < user.length; i++) sum = (sum * 31 + user.charCodeAt(i)) >>> 0;
  return verifiable[sum % verifiable.length];
}

/** Name and password of an Authorization field; undefined when it is none of Basic authentication. @returns octets */
export function readCredentials(field: string | undefined): { user: string; password: Buffer } | undefined {
  const match = field === undefined ? null : /^basic(?: +[ \t]*([A-Za-z0-9+/]*)|$)/i.exec(field);
  if (match === null) return undefined;
  const octets = Buffer.from(match[1] ?? '', 'base64');
  const colon = octets.indexOf(':');
  if (colon < 0) return { user: octets.toString('latin1'), password: Buffer.alloc(0) };
  return { user: octets.toString('latin1', 0, colon), password: octets.subarray(colon + 1) };
}
