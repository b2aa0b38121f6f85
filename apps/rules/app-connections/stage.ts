import { createHash } from 'node:crypto';
import { answer, type Bus } from '#bus';
import { type AppWebhook, invalid, typesOf } from '#contracts';
import { type Database, keyRing, newKey } from '#runtime';
import { Channels } from '../channels.js';
import { Copies } from '../copies.js';
import { AppConnections } from './app-connections.js';

/** For specs: the hash of a token, and what an app sets. */
export const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');
export const webhook = (url: string, ...numbers: number[]): AppWebhook => ({ url, events: typesOf(numbers) });

/** For specs: who checks a webhook's settings, in the place of its service. */
export function checksWebhooks(bus: Bus): void {
  answer(bus, 'webhook.settings.check', async ({ settings, known }) => {
    const whole = { ...known, ...settings };
    if (!String(whole.url).startsWith('https://'))
      throw invalid([{ path: 'settings.url', message: 'begins with http://: use https://' }]);
    return {
      settings: whole,
      shown: whole,
      generated: {},
      scope: '',
      defaults: { retry: { mode: 'backoff', attempts: 8 }, expires_after_s: 60, progress: 'post', progress_every: null },
      edits: false,
    };
  });
}

/** For specs: connections as a replica has them, with its channels. */
export async function replica(bus: Bus, database: Database): Promise<{ connections: AppConnections; channels: Channels }> {
  const copies = new Copies(database, await bus.bucket('CHANNELS'));
  const channels = new Channels(bus, database, keyRing(keys), copies);
  return { connections: new AppConnections(bus, database, channels), channels };
}
const keys = newKey();
