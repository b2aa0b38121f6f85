import type { FormatName } from './index.js';

/** What a vendor documents of its deliveries: presets of ordinary settings, which a user may change. */
interface Preset {
  /** An `X-API-Key` is made for the channel. */
  apiKey?: boolean;
  /** What counts as success. */
  success?: '2xx' | '200';
  /** Sent once, and not again. */
  mode?: 'once';
  /** What `secret` is, and what is wrong with one; without it, the format knows none. */
  secret?: (secret: string) => string | undefined;
}

const presets: Partial<Record<FormatName, Preset>> = {
  farmbell: { apiKey: true },
  cloudevents: { apiKey: true },
  // https://docs.printago.io/docs/tools/notifications: a generated key, "each event is sent once"
  printago: { apiKey: true, mode: 'once' },
  // a header's value
  simplyprint: {
    secret: (secret) =>
      /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(secret)
        ? undefined
        : 'must be printable ASCII: SimplyPrint sends it as a header',
  },
  odin: { mode: 'once' },
  // https://docs.octoeverywhere.com/webhook-notifications/: "HTTP 200" within 10 s
  octoeverywhere: { success: '200', secret: () => undefined },
};

export const presetOf = (format: FormatName): Preset => presets[format] ?? {};

/** The formats whose vendor has a secret of its own. */
export const withSecret = (Object.keys(presets) as FormatName[]).filter((format) => presets[format]?.secret);
