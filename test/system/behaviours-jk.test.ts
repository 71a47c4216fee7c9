// Catflap answers as the real httpd did with mod_jk, scenario by scenario.

import { testRecording } from '../support/recorded.ts';

testRecording('modjk', 'J-', [
  { title: 'the methods deal requests out by weight as recorded', ids: /^J-DIST-/ },
  { title: 'sessions stick as recorded', ids: /^J-STK-/ },
  { title: 'a session id is found as recorded', ids: /^J-ISO-/ },
  { title: 'failures are answered and failed over as recorded', ids: /^J-FO-/ },
  { title: 'recovery_options decide what is repeated as recorded', ids: /^J-RO-/ },
  { title: 'URLs are mapped as recorded', ids: /^J-MAP-/ },
  { title: 'all else is as recorded', ids: /^/ },
]);
