// The choice methods by name.

import type { MethodName } from '../config.ts';
import { bybusyness } from './bybusyness.ts';
import { byrequests } from './byrequests.ts';
import { bytraffic } from './bytraffic.ts';
import type { Method } from './method.ts';

export const METHODS: Readonly<Record<MethodName, Method>> = Object.freeze({ byrequests, bytraffic, bybusyness });
