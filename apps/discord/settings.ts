import { z } from 'zod';
import { text } from '#contracts';

/** Where Discord shows a webhook's URL, in the words of its own pages. */
export const where = 'Discord shows it under Edit Channel > Integrations > Webhooks > Copy Webhook URL';

/** As Discord's clients show it: of any of its hosts and versions, at most with a thread behind it. */
const urlPattern =
  /^https:\/\/(?:(?:ptb|canary)\.)?discord(?:app)?\.com\/api(?:\/v\d{1,2})?\/webhooks\/(\d{16,20})\/([A-Za-z0-9_-]{60,100})\/?(?:\?thread_id=(\d{16,20}))?$/;
/** https://discord.com/developers/docs/resources/webhook#create-webhook */
const nameTaken = /clyde|discord/i;

export const settings = z.strictObject({
  url: z
    .string()
    .regex(urlPattern, 'must look like https://discord.com/api/webhooks/<id>/<token>, without /slack or /github behind it')
    .meta({ secret: true, where }),
  thread_id: z
    .string()
    .regex(/^\d{16,20}$/, 'must be a thread id of 16 to 20 digits')
    .optional(),
  username: text(80)
    .min(1)
    .refine((name) => name.trim() !== '', 'must not be blank')
    .refine((name) => !nameTaken.test(name), "must not contain 'clyde' or 'discord': Discord refuses it")
    .optional(),
  avatar_url: text(2000)
    .refine((url) => /^https:\/\/[\x21-\x7e]+$/.test(url) && publicUrl(url) !== undefined, 'must be an https URL of a picture')
    .optional(),
});
export type Settings = z.infer<typeof settings>;

export interface Webhook {
  id: string;
  token: string;
  /** The thread that the URL names. */
  thread?: string;
}

export function webhookOf({ url }: Pick<Settings, 'url'>): Webhook {
  const [, id = '', token = '', thread] = urlPattern.exec(url) ?? [];
  return { id, token, ...(thread && { thread }) };
}

/** The thread that messages go into: the settings' own, else the URL's. */
export const threadOf = (given: Pick<Settings, 'url' | 'thread_id'>): string | undefined =>
  given.thread_id ?? webhookOf(given).thread;

/** Longer addresses are refused in embeds. */
const mostUrl = 2048;

/**
 * The address as Discord takes it in an embed; undefined where it would refuse the whole message over it, as it does with
 * http://octopi:5000/, which is what links on a farm look like: https://github.com/bugsink/bugsink/issues/280
 */
export function publicUrl(link: string): string | undefined {
  if (!URL.canParse(link)) return undefined;
  const { protocol, hostname, href } = new URL(link);
  const taken = /^https?:$/.test(protocol) && /^[a-z0-9.-]+\.[a-z0-9-]*[a-z0-9]$/i.test(hostname) && href.length <= mostUrl;
  return taken ? href : undefined;
}
