import { run } from '#runtime';
import { TelegramModule } from './index.js';

await run('telegram', [TelegramModule]);
