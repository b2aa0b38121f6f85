import { run } from '#runtime';
import { WebhookModule } from './index.js';

await run('webhook', [WebhookModule]);
