import { run } from '#runtime';
import { RulesModule } from './index.js';

await run('rules', [RulesModule]);
