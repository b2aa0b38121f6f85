import { clip, type Hold, longestWaitMs, type Part, type Reply, retryAfter, type Verdict } from '#delivery';
import { addressKey, appKey, type PushoverSettings, places } from './settings.js';

/** What Pushover says in JSON: https://pushover.net/api#response */
export type Answer = Record<string, unknown>;

/** Undefined: not Pushover's own words, but of what stands in front of it. */
export function answerOf({ body }: Reply): Answer | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed) ? (parsed as Answer) : undefined;
  } catch {
    return undefined;
  }
}

/** Taken: both must be true, https://pushover.net/api#friendly */
export const isTaken = (reply: Reply): boolean => reply.status === 200 && answerOf(reply)?.status === 1;

/** Its own words for what is wrong. */
export const errorsOf = (answer: Answer | undefined): string =>
  Array.isArray(answer?.errors) ? clip(answer.errors.map(String).join('; '), 300) : '';

// nobody knocks again sooner: https://pushover.net/api#friendly
const leastMs = 5_000;
const rateLimitMs = 60_000;
/** Where Pushover does not say when the month is over. */
const quotaMs = 3600_000;
/** The block of an address is temporary, of unknown length, and grows with every bad request while it lasts. */
const blockMs = 15 * 60_000;
const bounded = (ms: number): number => Math.min(Math.max(ms, leastMs), longestWaitMs);

/** A month without messages is asked once a day: somebody may have bought more of them. */
function untilReset({ headers }: Reply, now: number): number | undefined {
  const reset = Number(headers['x-limit-app-reset']);
  return reset > 0 ? bounded(reset * 1000 - now) : undefined;
}
const isUsedUp = ({ headers }: Reply): boolean => headers['x-limit-app-remaining']?.trim() === '0';

/** Why all waits: the application's month is used up, or this address asks too much (at times an nginx page) or was blocked. */
function pauseOf(reply: Reply, now: number): { of: 'app' | 'address'; ms: number } | undefined {
  const { status, headers } = reply;
  const answer = answerOf(reply);
  const told = retryAfter(headers['retry-after'], now);
  const reset = untilReset(reply, now);
  const saysSo = /exceeded.* limit/.test(errorsOf(answer));
  if ((status === 429 && reset !== undefined) || ((status === 429 || status === 400) && saysSo))
    return { of: 'app', ms: reset ?? bounded(told ?? quotaMs) };
  if (status === 429) return { of: 'address', ms: bounded(told ?? rateLimitMs) };
  return status === 403 && !answer ? { of: 'address', ms: bounded(told ?? blockMs) } : undefined;
}

/** What must wait after this reply, and how long; also when it was the month's last message that was taken. */
export function holdOf(reply: Reply, settings: Pick<PushoverSettings, 'app_token'>, now = Date.now()): Hold | undefined {
  const pause = pauseOf(reply, now);
  if (pause) return { key: pause.of === 'app' ? appKey(settings) : addressKey, ms: pause.ms };
  const quota = isUsedUp(reply) ? untilReset(reply, now) : undefined;
  return quota === undefined ? undefined : { key: appKey(settings), ms: quota };
}

const drop = (meaning: string): Verdict => ({ outcome: 'drop', reason: 'invalid', meaning });
const gone = (meaning: string): Verdict => ({ outcome: 'gone', reason: 'auth', meaning: `${meaning} Then enable the channel.` });

export function verdictOf(reply: Reply, without?: ReadonlySet<Part>, now = Date.now()): Verdict | undefined {
  const { status } = reply;
  if (isTaken(reply)) {
    const last = isUsedUp(reply) ? ' It was the last one of this month: buy more for this application at pushover.net.' : '';
    return { outcome: 'delivered', reason: null, meaning: `Pushover took it.${last}` };
  }
  const pause = pauseOf(reply, now);
  if (pause) return paused(status, pause);
  // redirects, Pushover's own trouble and time-outs: the common table
  if ((status >= 300 && status < 400) || status >= 500 || status === 408 || status === 425) return undefined;
  const answer = answerOf(reply);
  if (answer) return refused(status, answer, without);
  if (status === 413) return withoutPicture('The message is too large for what stands in front of Pushover.', without);
  const stranger = `HTTP ${status} without a word of Pushover's own: something in between answered.`;
  if (status < 300)
    return { outcome: 'retry', reason: 'server', meaning: `${stranger} Look for a proxy, and at FARMBELL_PUSHOVER_ORIGIN.` };
  return drop(`${stranger} Farmbell does not repeat it, as many refused requests get an address blocked.`);
}

function paused(status: number, { of, ms }: { of: 'app' | 'address'; ms: number }): Verdict {
  const meaning =
    of === 'app'
      ? "This month's messages of the Pushover application are used up. Buy more at pushover.net, or give each channel an " +
        'application of its own; Pushover begins anew on the 1st.'
      : status === 403
        ? 'Pushover seems to have blocked this address for a while, as it does after many refused requests. All Pushover ' +
          'channels wait; mend those that fail.'
        : 'Pushover asks this address to slow down. All Pushover channels wait.';
  return { outcome: 'retry', reason: 'rate_limited', meaning, retryAfterMs: ms };
}

/** The same request is never repeated. Each parameter that is wrong is a key of the answer: https://pushover.net/api#response */
function refused(status: number, answer: Answer, without?: ReadonlySet<Part>): Verdict {
  const words = errorsOf(answer);
  if ('token' in answer)
    return {
      ...gone(`Pushover does not know the application token (any more). Set app_token: ${places.appToken}.`),
      dead: 'app_token',
    };
  if ('user' in answer)
    return gone(
      `Pushover does not know the user or group key (any more), or nobody behind it has an active device. Set user_key: ${places.userKey}.`,
    );
  if ('attachment' in answer || /attachment/i.test(words)) return withoutPicture('Pushover refuses the picture.', without);
  if ('device' in answer) return drop(`Pushover finds none of the devices. Set device, or none for all: ${places.devices}.`);
  return drop(
    words ? `Pushover refuses the message: ${words}.` : `Pushover refuses the message (HTTP ${status}); its answer may say why.`,
  );
}

const withoutPicture = (meaning: string, without?: ReadonlySet<Part>): Verdict =>
  without?.has('picture')
    ? drop(meaning)
    : { outcome: 'again', reason: 'invalid', meaning: `${meaning} It is sent without one.`, without: 'picture' };
