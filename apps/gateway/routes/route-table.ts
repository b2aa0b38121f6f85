import type { RouteSpec } from './call.js';

/** Every route that the gateway serves, as its controllers say it. */
export class RouteTable {
  constructor(readonly routes: readonly RouteSpec[]) {}
}
