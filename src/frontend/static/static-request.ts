// What a visit tells the static files about the request for one of them.

import type { Visit } from '../visit.ts';
import type { StaticHooks, StaticRequest } from './static.ts';
import type { FileTarget } from './static-path.ts';

export function staticRequest(visit: Visit, target: FileTarget, hooks: StaticHooks): StaticRequest {
  return {
    path: target.isPlain === true ? visit.forms.decoded.replace(/\/+$/, '') : visit.forms.decoded,
    query: visit.query,
    file: target.file,
    root: target.root,
    isScript: target.isScript,
    settings: visit.settings,
    mediaTypes: visit.host.mediaTypes,
    // Read for redirects only.
    get origin() {
      return visit.origin;
    },
    folderStatus: visit.site.folderStatus,
    errorStatus: visit.originalStatus,
    hooks,
  };
}
