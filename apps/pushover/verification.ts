import { HttpFailure, type Reply } from '#delivery';
import { type Answer, answerOf, errorsOf, isTaken } from './answers.js';
import { type Caller, get, post } from './calls.js';
import { type PushoverSettings, places } from './settings.js';

type Faults = [path: string, message: string][];

/**
 * Asks Pushover about keys, devices and sound: https://pushover.net/api#validate. The question names no device: it may name one
 * only, and the answer without has all of the user's active devices.
 */
export async function verify(settings: PushoverSettings, caller: Caller): Promise<Faults> {
  const { app_token, user_key, sound } = settings;
  const reply = await asked(post(caller, 'users/validate.json', { token: app_token, user: user_key }));
  if (typeof reply === 'string') return [['app_token', reply]];
  const answer = answerOf(reply)!;
  if (!isTaken(reply)) return refusals(answer);
  return [...deviceFaults(settings, answer), ...(sound ? await soundFaults(sound, app_token, caller) : [])];
}

/** Pushover's own answer, or why it could not be had. */
async function asked(call: Promise<Reply>): Promise<Reply | string> {
  const unchecked = (why: string) => `could not be checked at Pushover: ${why}. Try again in a minute`;
  try {
    const reply = await call;
    const isAnswer = answerOf(reply)?.status !== undefined && reply.status < 500 && reply.status !== 429;
    return isAnswer ? reply : unchecked(`it answered HTTP ${reply.status}`);
  } catch (error) {
    if (error instanceof HttpFailure) return unchecked(error.message);
    throw error;
  }
}

function refusals(answer: Answer): Faults {
  const words = errorsOf(answer);
  const said = words ? ` (${words})` : '';
  if ('token' in answer) return [['app_token', `is not known to Pushover${said}: copy the API Token/Key. ${places.appToken}`]];
  return [['user_key', `is not known to Pushover as a user or group with an active device${said}. ${places.userKey}`]];
}

/** To a name that it does not know Pushover sends nothing: it sends to all devices instead. Groups have no devices of their own. */
function deviceFaults({ device }: PushoverSettings, { group, devices }: Answer): Faults {
  if (!device || group === 1 || !Array.isArray(devices)) return [];
  const active = devices.map(String);
  const unknown = device.split(',').filter((name) => !active.some((one) => one.toLowerCase() === name.toLowerCase()));
  if (unknown.length === 0) return [];
  return [
    ['device', `has no active device named ${unknown.join(', ')}: this user's are ${active.join(', ')}. ${places.devices}`],
  ];
}

/** A sound that Pushover does not know is silently another: https://pushover.net/api#sounds */
async function soundFaults(sound: string, token: string, caller: Caller): Promise<Faults> {
  const reply = await asked(get(caller, 'sounds.json', token));
  if (typeof reply === 'string') return [['sound', reply]];
  const { sounds } = answerOf(reply)!;
  if (typeof sounds !== 'object' || sounds === null || Object.hasOwn(sounds, sound)) return [];
  return [['sound', `must be one of ${Object.keys(sounds).join(', ')}. ${places.sounds}`]];
}
