import { run } from '#runtime';
import { DiscordModule } from './index.js';

await run('discord', [DiscordModule]);
