import { type Hold, type Limit, longestWaitMs, type Reply } from '#delivery';
import { bodyOf, isBlock, oldEdits, waitMs } from './replies.js';
import { type Settings, webhookOf } from './settings.js';

/** All calls from this address: without an Authorization header Discord counts them together. */
const everything = 'discord';
const webhookKey = (settings: Pick<Settings, 'url'>) => `discord/webhook/${webhookOf(settings).id}`;

/**
 * Discord's documentation gives no numbers but the 50 a second; the others were observed, and the second is of the whole channel,
 * announced nowhere: https://github.com/discord/discord-api-docs/issues/367. A little less is asked for, as calls bunch on the way.
 */
export const limitsOf = (settings: Pick<Settings, 'url'>): Limit[] => [
  {
    key: webhookKey(settings),
    atOnce: 1,
    rates: [
      [5, 2_250],
      [30, 61_000],
    ],
  },
  { key: everything, rates: [[45, 1_000]] },
];

/** What a reply says must wait: also one that was let through as the last. */
export function holdOf(reply: Reply, settings: Pick<Settings, 'url'>): Hold | undefined {
  if (reply.status === 429) {
    const body = bodyOf(reply);
    if (body?.code === oldEdits) return undefined;
    const { 'x-ratelimit-global': global, 'x-ratelimit-scope': scope } = reply.headers;
    const all = isBlock(reply) || body?.global === true || global === 'true' || scope === 'global';
    return { key: all ? everything : webhookKey(settings), ms: waitMs(reply) };
  }
  const { 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset-after': seconds } = reply.headers;
  if (remaining !== '0' || !seconds || !/^\d+(\.\d+)?$/.test(seconds)) return undefined;
  return { key: webhookKey(settings), ms: Math.min(Math.ceil(Number(seconds) * 1000), longestWaitMs) };
}
