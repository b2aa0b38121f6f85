import { retryDefaults } from '#contracts';
import { channel, type Part } from '#delivery';
import { holdOf, verdictOf } from './answers.js';
import { push } from './calls.js';
import { messageOf } from './message.js';
import { receipts } from './receipts.js';
import { addressKey, appKey, check, settings } from './settings.js';
import { verify } from './verification.js';

/** A Pushover user or group, by an application of one's own: https://pushover.net/api */
export const pushover = channel({
  type: 'pushover',
  chat: true,
  origin: 'https://api.pushover.net',
  settings,
  check,
  verify,
  // Pushover bears two connections from an address, whoever they are for (https://pushover.net/api#friendly): all channels lie
  // in one lane, and so in one process that can count them
  scope: () => addressKey,
  limits: (chosen) => [{ key: appKey(chosen) }, { key: addressKey, atOnce: 2 }],
  // a connection is free only a moment after its answer: calls let in at once would open a third
  connections: 2,
  holds: (reply, chosen) => holdOf(reply, chosen),
  // 5 s is the least that Pushover asks for after trouble of its own: https://pushover.net/api#friendly
  retry: { mode: 'backoff', schedule: retryDefaults.chat, expiresAfterS: 3600 },
  takesPictures: true,
  render: (event, chosen) => messageOf(event, chosen),
  send: (message, chosen, sending) => push(message, chosen, sending),
  verdict: (reply, _, sent?: { without: ReadonlySet<Part> }) => verdictOf(reply, sent?.without),
  receipts,
});
