import { accountOf } from './event.js';
import type { Farm } from './farm.js';
import { loadChannels, type NewChannel } from './loading.js';

const accounts = 1000;
const owners = ['rules', 'webhook', 'health'] as const;

/** Whose the loaded channels are: all of the account that publishes, or of a thousand others. */
export type Spread = 'account' | 'spread';

/** Channels that no event sent here concerns: each kind fails at another step of the match. */
function unconcerned(count: number, url: string, spread: Spread): NewChannel[] {
  const kinds: ((n: number) => Partial<NewChannel>)[] = [
    () => ({ events: ['order.created_retail', 'order.closed'] }),
    (n) => ({ printers: [`other-${n}`] }),
    () => ({ events: ['job.*'], tags: ['resin'] }),
    () => ({ min_severity: 'error' }),
  ];
  return Array.from({ length: count }, (_, n) => ({
    account: spread === 'account' ? 'default' : accountOf(n, accounts),
    url,
    ...kinds[n % kinds.length]!(n),
  }));
}

/** Loads so many of them while those who keep channels are stopped, and starts those again. */
export async function loadUnconcerned(farm: Farm, count: number, url: string, spread: Spread): Promise<void> {
  for (const service of owners) await farm.stopService(service);
  await loadChannels(farm, unconcerned(count, url, spread));
  for (const service of owners) await farm.startService(service);
}
