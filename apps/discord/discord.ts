import { retryDefaults } from '#contracts';
import { channel } from '#delivery';
import { verdictOf } from './answers.js';
import { refOf, send, verify } from './calls.js';
import { holdOf, limitsOf } from './limits.js';
import { messageOf } from './message.js';
import { settings, webhookOf } from './settings.js';

const hourMs = 3_600_000;

/** A Discord channel by its incoming webhook: https://discord.com/developers/docs/resources/webhook#execute-webhook */
export const discord = channel({
  type: 'discord',
  chat: true,
  origin: 'https://discord.com',
  settings,
  scope: (given) => webhookOf(given).id,
  limits: limitsOf,
  holds: holdOf,
  verify,
  retry: { mode: 'backoff', schedule: retryDefaults.chat, expiresAfterS: 3600 },
  takesPictures: true,
  edits: {
    refOf,
    // all prints of a channel share its 30 calls a minute; messages older than an hour may be changed still more rarely
    everyMs: (ageMs) => (ageMs < hourMs ? 30_000 : 15 * 60_000),
  },
  render: messageOf,
  send,
  verdict: verdictOf,
});
