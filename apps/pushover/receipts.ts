import { clearingEvents } from '#contracts';
import type { Receipt, Receipts, Reply } from '#delivery';
import { type Answer, answerOf, isTaken } from './answers.js';
import { type Caller, get, post } from './calls.js';
import type { PushoverSettings, settings } from './settings.js';

const receiptPattern = /^[A-Za-z0-9]{30}$/;

/** Emergencies, which are repeated until somebody acknowledges them: https://pushover.net/api/receipts */
export const receipts: Receipts<typeof settings> = {
  of: (reply) => receiptOf(answerOf(reply)?.receipt),
  // Pushover asks for no more than one in 5 s
  everyMs: 10_000,
  read: (receipt, { app_token }, caller) => read(receipt, app_token, caller),
  clears: ({ type }) => clearingEvents.includes(type),
  cancel: (receipt, chosen, caller) => cancel(receipt, chosen, caller),
};

const receiptOf = (value: unknown): string | undefined =>
  typeof value === 'string' && receiptPattern.test(value) ? value : undefined;

/** Undefined: Pushover could not say it now. */
async function read(receipt: string, token: string, caller: Caller): Promise<Receipt | undefined> {
  const reply = await get(caller, `receipts/${receipt}.json`, token);
  const answer = answerOf(reply);
  if (answer && isTaken(reply)) return stateOf(answer);
  // a receipt that Pushover does not know (it keeps them for a week) never becomes another
  return isFinal(reply) ? { ended: true } : undefined;
}

function stateOf({ acknowledged, acknowledged_at, acknowledged_by_device: device, expired }: Answer): Receipt {
  const at = new Date(Number(acknowledged_at) * 1000);
  const known = acknowledged === 1 && at.getTime() > 0;
  return {
    ended: acknowledged === 1 || expired === 1,
    ...(known && { acknowledged_at: at.toISOString() }),
    // acknowledged_by is the key of a user, a secret: the device's name stands for the person
    ...(acknowledged === 1 && typeof device === 'string' && device && { acknowledged_by: device }),
  };
}

/** Throws when Pushover did not take it, and may take it later. */
async function cancel(receipt: string, { app_token }: PushoverSettings, caller: Caller): Promise<void> {
  const reply = await post(caller, `receipts/${receipt}/cancel.json`, { token: app_token });
  if (!isTaken(reply) && !isFinal(reply)) throw new Error(`Pushover did not cancel the emergency (HTTP ${reply.status}).`);
}

/** Refused by Pushover itself: asked again, it says the same. */
const isFinal = (reply: Reply): boolean => reply.status < 500 && reply.status !== 429 && answerOf(reply)?.status === 0;
