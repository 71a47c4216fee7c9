// What an expression of ProxyHCExpr is asked about: the answer to a health check (measured on httpd 2.4.71). There is no
// request of a client behind it, so whatever belongs to one is empty.

import { FIELD } from '../../base/field-names.ts';
import type { ResponseHead } from '../../base/head.ts';
import type { ExpressionFiles, ExpressionSubject } from '../../config/expression/expression.ts';

/** Checks read no files: `-f`, `file()` and their kin find nothing. */
const NO_FILES: ExpressionFiles = {
  stat: () => undefined,
  read: (path) => {
    throw new Error(`${path}: files are not read by health checks`);
  },
};

export class AnswerSubject implements ExpressionSubject {
  readonly clientAddress: undefined = undefined;
  readonly files: ExpressionFiles = NO_FILES;
  readonly #head: ResponseHead;
  readonly #body: string;
  readonly #method: string;

  constructor(head: ResponseHead, body: string, method: string) {
    this.#head = head;
    this.#body = body;
    this.#method = method;
  }

  variable(name: string): string | undefined {
    switch (name) {
      case 'REQUEST_STATUS':
        return String(this.#head.status);
      case 'HC_BODY':
        return this.#body;
      case 'REQUEST_METHOD':
        return this.#method;
      case 'CONTENT_TYPE':
        return this.#head.fields.getKnown(FIELD['Content-Type']);
      case 'HTTPS':
        return 'off';
      case 'REQUEST_SCHEME':
        return 'http';
      default:
        return undefined;
    }
  }

  call(name: string, argument: string): string | undefined {
    return name === 'hc' && argument.toLowerCase() === 'body' ? this.#body : undefined;
  }

  responseHeader(name: string): string | undefined {
    return this.#head.fields.get(name);
  }

  requestHeader(): undefined {}
  requestEnv(): undefined {}
  note(): undefined {}
  processEnv(): undefined {}

  list(): readonly string[] {
    return [];
  }

  mayReach(): boolean {
    return false;
  }
}
