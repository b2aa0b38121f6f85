import { run } from '#runtime';
import { HealthModule } from './index.js';

await run('health', [HealthModule]);
