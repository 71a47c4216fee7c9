// What a server that was started as root and became User can still do: the scenarios that Catflap is held to, on httpd.

import { describe } from 'node:test';
import { needs } from '../support/peers.ts';
import { rootScenarios } from '../support/root-scenarios.ts';

describe('httpd', needs('httpd'), () => rootScenarios('httpd'));
