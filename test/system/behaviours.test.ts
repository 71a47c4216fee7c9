// Catflap answers as the real httpd did with mod_proxy, scenario by scenario.

import { testRecording } from '../support/recorded.ts';

testRecording('modproxy', 'P-', [
  { title: 'byrequests deals requests out by weight as recorded', ids: /^P-DIST-byrequests-/ },
  { title: 'sessions stick as recorded', ids: /^P-STK-/ },
  { title: 'a session id is found as recorded', ids: /^P-ISO-/ },
  { title: 'URLs are mapped as recorded', ids: /^P-MAP-/ },
  { title: 'failures are answered and failed over as recorded', ids: /^P-FO-/ },
  { title: 'all else is as recorded', ids: /^/ },
]);
