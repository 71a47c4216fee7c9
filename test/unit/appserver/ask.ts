// One request to an application on a connector of its own.

import type { RequestListener } from 'node:http';
import { type AjpAnswer, type AjpRequest, ajp, type Exchange } from '../../support/ajp-client.ts';
import { type Hosting, withConnector } from '../../support/connector.ts';

type Ask = (application: RequestListener, request: AjpRequest, exchange?: Exchange) => Promise<AjpAnswer>;

/** How to ask applications that are hosted like this. */
export function asking(hosting: Hosting): Ask {
  return async (application, request, exchange = {}) => {
    let answer: AjpAnswer | undefined;
    await withConnector(application, { hosting }, async ({ port }) => {
      answer = await ajp(port, request, exchange);
    });
    return answer as AjpAnswer;
  };
}
