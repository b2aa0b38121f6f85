import { randomBytes } from 'node:crypto';

/** 30 letters and digits, as tokens, keys and receipts are: https://pushover.net/api#identifiers */
export const newKey = (first: string): string =>
  first +
  randomBytes(60)
    .toString('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 30 - first.length);

export interface App {
  token: string;
  /** Messages a month; Infinity: not counted. */
  limit: number;
  sent: number;
  /** When the count begins anew, ms. */
  resetAt: number;
  /** Custom sounds of the account that owns it. */
  sounds: Record<string, string>;
  /** When each receipt was last asked for, ms. */
  polls: Map<string, number>;
}

/** Pushover's limit headers, in whole seconds since 1970: https://pushover.net/api#limits */
export const limitHeaders = ({ limit, sent, resetAt }: App): Record<string, string> =>
  Number.isFinite(limit)
    ? {
        'x-limit-app-limit': String(limit),
        'x-limit-app-remaining': String(Math.max(0, limit - sent)),
        'x-limit-app-reset': String(resetAt / 1000),
      }
    : {};

/** The month may be over. */
export function renewed(app: App, now: number): App {
  if (now < app.resetAt) return app;
  return Object.assign(app, { sent: 0, resetAt: nextMonth(now) });
}

const hourInChicago = new Intl.DateTimeFormat('en-US', { timeZone: 'America/Chicago', hour: 'numeric', hourCycle: 'h23' });
const dateInChicago = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Chicago', year: 'numeric', month: '2-digit' });

/** 00:00:00 Central Time on the next 1st, ms. */
export function nextMonth(now: number): number {
  const parts = Object.fromEntries(dateInChicago.formatToParts(now).map(({ type, value }) => [type, value]));
  const at = (hour: number) => Date.UTC(Number(parts.year), Number(parts.month), 1, hour);
  return Number(hourInChicago.format(at(5))) === 0 ? at(5) : at(6);
}
