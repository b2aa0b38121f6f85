import { z } from 'zod';
import { severities } from './catalogue.js';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const wrongTime = "must be a time of day as HH:MM, e.g. '22:00'";
const timeOfDay = z.string(wrongTime).regex(/^([01]\d|2[0-3]):[0-5]\d$/, wrongTime);

/** `Intl` takes these beside the database's: SystemV/…, and letters such as IST, which India, Ireland and Israel all call theirs. */
const noIana = /^(systemv\/.*|(?!(cet|eet|est|gmt|hst|met|mst|prc|roc|rok|uct|utc|wet)$)...)$/i;

/** What `Intl` knows by a name: an offset such as +01:00 knows nothing of daylight saving. */
const isZone = (name: string): boolean => {
  if (!/^[A-Za-z][\w/+-]{1,99}$/.test(name) || noIana.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
};
const wrongZone = "must be a time zone of the IANA database, e.g. 'Europe/Berlin', 'America/New_York' or 'UTC'";
const timezone = z.string(wrongZone).refine(isZone, wrongZone);

const wrongDays = "must be a list of days, e.g. ['fri', 'sat']; empty: every day";
const rest = {
  days: z
    .array(z.enum(weekdays, `must be one of ${weekdays.join(', ')}`), wrongDays)
    .max(weekdays.length, 'names more days than a week has: leave it empty for every day')
    .default([])
    .describe('on which a window starts; empty: every day'),
  digest: z.boolean('must be true or false').default(true).describe('whether one digest tells at the end what was held back'),
  allow_severity: z
    .enum(severities, `must be one of ${severities.join(', ')}, or null: nothing gets through`)
    .nullable()
    .default('critical')
    .describe('what is as grave gets through; null: nothing does'),
};

/** Quiet hours that are on: each window from `start` to `end` by the clocks of `timezone`; overnight where end is before start. */
const on = z.strictObject({
  // optional inside: where it is left out, this is the branch that is meant
  enabled: z.literal(true).optional().default(true),
  start: timeOfDay,
  end: timeOfDay,
  timezone,
  ...rest,
});

/** Quiet hours that are off: whatever the account or the organization has does not hold either. */
const off = z.strictObject({
  enabled: z.literal(false),
  start: timeOfDay.optional(),
  end: timeOfDay.optional(),
  timezone: timezone.optional(),
  ...rest,
});

/** PUT /v1/quiet-hours, PUT /v1/organizations/{id}/quiet-hours, and a channel's `quiet_hours`. */
export const quietHoursSchema = z.discriminatedUnion('enabled', [on, off], {
  error: ({ input }) =>
    input === null || typeof input !== 'object' || Array.isArray(input)
      ? `must be an object such as {"start": "22:00", "end": "07:00", "timezone": "Europe/Berlin"} or {"enabled": false}`
      : 'must be true or false; left out, it is true',
});
export type QuietHours = z.output<typeof quietHoursSchema>;
export type QuietHoursOn = z.output<typeof on>;

/** As the API shows them: what holds for an account or an organization, and whose they are; all null where nobody has any. */
export interface QuietHoursView {
  enabled: boolean;
  start: string | null;
  end: string | null;
  timezone: string | null;
  days: (typeof weekdays)[number][];
  digest: boolean;
  allow_severity: (typeof severities)[number] | null;
  set_by: 'account' | 'organization' | null;
}
