import { run } from '#runtime';
import { JournalModule } from './index.js';

await run('journal', [JournalModule]);
