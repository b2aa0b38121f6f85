import { retryDefaults } from '#contracts';
import { channel } from '#delivery';
import { verdictOf } from './answers.js';
import { send } from './calls.js';
import { everyMs, holdOf, limitsOf } from './limits.js';
import { messageOf, type TelegramMessage } from './message.js';
import { fileOf, refOf } from './replies.js';
import { botOf, settings } from './settings.js';
import { verify } from './verification.js';

/** A Telegram chat, group or channel, by a bot of the user's own: https://core.telegram.org/bots/api */
export const telegram = channel<typeof settings, TelegramMessage>({
  type: 'telegram',
  chat: true,
  origin: 'https://api.telegram.org',
  settings,
  verify,
  scope: botOf,
  limits: limitsOf,
  holds: holdOf,
  retry: { mode: 'backoff', schedule: retryDefaults.chat, expiresAfterS: 3600 },
  takesPictures: true,
  moves: true,
  // a file's name is known to the bot that sent it alone: https://core.telegram.org/bots/api#sending-files
  fileScope: botOf,
  fileOf,
  edits: { refOf, everyMs },
  render: messageOf,
  send,
  verdict: verdictOf,
});
