import { run } from '#runtime';
import { PushoverModule } from './index.js';

await run('pushover', [PushoverModule]);
