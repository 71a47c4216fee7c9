// Whether the answer to a health check is a good one: any answer to TCP and CPING, a status from 200 to 399 over HTTP, or
// what the expression says that `hcexpr` names (modproxy.md §11).

import type { Expression } from '../../config/expression/expression.ts';
import { AnswerSubject } from './answer-subject.ts';
import type { ProbeAnswer } from './probe.ts';

export interface Verdict {
  readonly hasPassed: boolean;
  /** What was found, for people: `status 503`, `ECONNREFUSED`. */
  readonly cause: string;
}

/**
 * Undefined when the question could not be asked for reasons of our own.
 * @param method of the request that was answered
 */
export function judge(answer: ProbeAnswer, method: string, condition: Expression | undefined): Verdict | undefined {
  switch (answer.kind) {
    case 'alive':
      return { hasPassed: true, cause: 'answered' };
    case 'none':
      return answer.isOurs ? undefined : { hasPassed: false, cause: answer.cause };
    case 'http': {
      const { status } = answer.head;
      if (condition === undefined) return { hasPassed: status >= 200 && status <= 399, cause: `status ${status}` };
      try {
        const hasPassed = condition.test(new AnswerSubject(answer.head, answer.body, method));
        return { hasPassed, cause: `status ${status}, hcexpr is ${hasPassed ? 'true' : 'false'}` };
      } catch (error) {
        return { hasPassed: false, cause: `status ${status}, hcexpr: ${(error as Error).message}` };
      }
    }
  }
}
