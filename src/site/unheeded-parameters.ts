// Parameters of workers that are read and have no effect: what happens instead. Place in the picture: `balancers.ts` and `mappings.ts` warn with it; a parameter that gets its effect leaves.

import type { WorkerDraft } from './balancer-draft.ts';
import { RECEIVE_BUFFER } from './host-settings.ts';

/** What happens instead of what a parameter, just set on the worker, asks for; undefined when it is heeded. */
export function unheededParameter({ choices }: WorkerDraft, key: string): string | undefined {
  switch (key) {
    case 'receivebuffersize':
      return (choices.receiveBufferSize ?? 0) === 0
        ? undefined
        : `receivebuffersize= is not honoured: ${RECEIVE_BUFFER}`;
    case 'flusher':
      return choices.flusher === 'flush'
        ? undefined
        : 'flusher= is not honoured: octets go on whenever the backend pauses';
    default:
      return undefined;
  }
}
