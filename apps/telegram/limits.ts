import type { Hold, Limit, Reply } from '#delivery';
import { waitMs } from './answers.js';
import { botOf, isPrivate, type Settings } from './settings.js';

type Place = Pick<Settings, 'bot_token' | 'chat_id'>;
const botKey = (settings: Place) => `telegram/bot/${botOf(settings)}`;

/**
 * One message a second in a chat, 20 a minute in a group, about 30 a second of a bot, edits included:
 * https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this. A little less is asked for, as calls bunch on the way.
 */
export const limitsOf = (settings: Place): Limit[] => [
  {
    key: `telegram/chat/${botOf(settings)}/${settings.chat_id.toLowerCase()}`,
    atOnce: 1,
    rates: isPrivate(settings)
      ? [[1, 1_050]]
      : [
          [1, 1_050],
          [20, 61_000],
        ],
  },
  { key: botKey(settings), atOnce: 30, rates: [[30, 1_050]] },
];

/** A refusal does not say which of its limits it is about, and some count the whole bot: all of it waits. */
export const holdOf = (reply: Reply, settings: Place): Hold | undefined =>
  reply.status === 429 ? { key: botKey(settings), ms: waitMs(reply) } : undefined;

const hourMs = 3600_000;

/** How rarely a message is changed: a group bears 20 a minute of all that is sent there, and nobody watches an old print by the second. */
export function everyMs(ageMs: number, settings: Place): number {
  if (isPrivate(settings)) return ageMs < hourMs ? 5_000 : 20_000;
  return ageMs < hourMs ? 15_000 : 60_000;
}
