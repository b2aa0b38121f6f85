import { run } from '#runtime';
import { GatewayModule } from './index.js';

await run('gateway', [GatewayModule], { gateway: true });
