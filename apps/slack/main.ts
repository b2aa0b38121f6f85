import { run } from '#runtime';
import { SlackModule } from './index.js';

await run('slack', [SlackModule]);
