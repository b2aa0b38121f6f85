import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Where pushover.net shows each value, in its own words. */
export const places = {
  appToken: 'pushover.net shows it under Your Applications, on the page of the application, as API Token/Key',
  userKey: 'pushover.net shows it on the dashboard after login as Your User Key; a group has its own key on its page',
  devices: 'pushover.net lists them on the dashboard under Your Devices',
  sounds: 'pushover.net lists them in its documentation, and your own ones on the dashboard under Your Custom Sounds',
};

// https://pushover.net/api#identifiers
const key = (where: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9]{30}$/, 'must be 30 letters and digits')
    .meta({ secret: true, where });
const deviceNames = /^[A-Za-z0-9_-]{1,25}(,[A-Za-z0-9_-]{1,25})*$/;
const mostSeconds = 10_800;
const seconds = (least: number, meaning: string) => {
  const error = `must be whole seconds from ${least} to ${mostSeconds}: ${meaning}`;
  return z.int({ error, abort: true }).min(least, error).max(mostSeconds, error);
};

export const settings = z.strictObject({
  app_token: key(places.appToken),
  user_key: key(places.userKey),
  device: z
    .string()
    .max(1000, 'must not be longer than 1000 characters')
    .regex(deviceNames, 'must be a device name, or several with commas and no spaces between, e.g. iphone,nexus5')
    .meta({ where: places.devices })
    .optional(),
  // https://pushover.net/api#priority
  priority: z
    .union([z.int().min(-2).max(2), z.literal('auto')], { error: 'must be -2, -1, 0, 1, 2, or auto: by the severity' })
    .default(0),
  retry_s: seconds(30, 'how often an emergency is repeated').default(60),
  expire_s: seconds(30, 'how long an emergency is repeated').default(3600),
  sound: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be the name of a sound, e.g. siren')
    .meta({ where: places.sounds })
    .optional(),
});
export type PushoverSettings = z.infer<typeof settings>;

/** One of both was pasted twice. */
export const check = ({ app_token, user_key }: PushoverSettings): [path: string, message: string][] =>
  app_token === user_key ? [['user_key', 'must not be the app_token: it is the key of who gets the messages']] : [];

/** All that is sent from this address. */
export const addressKey = 'pushover';
/** What one application sends: Pushover counts by its token, which no key may show. */
export const appKey = ({ app_token }: Pick<PushoverSettings, 'app_token'>): string =>
  `pushover/app/${createHash('sha256').update(app_token).digest('hex').slice(0, 16)}`;
