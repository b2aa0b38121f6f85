import { accept, type FarmEvent } from '#contracts';
import { createHttp, egressPolicy, type Http, type MessageRef, type Part, type Picture, type Reply } from '#delivery';
import { type DiscordProvider, discordProvider } from '#testing';
import { discord } from './index.js';

/** What specs of this channel type need. */

export const pasted = `https://discord.com/api/webhooks/1234567890123456789/${'aB3_'.repeat(17)}`;
export const policy = egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] });

export const benchy = {
  type: 'job.succeeded',
  printer: { id: 'p1', name: 'X1C' },
  job: { id: '142', name: 'Benchy', duration_s: 4980 },
};

export const eventOf = (input: object): FarmEvent => {
  const accepted = accept(input, { account: 'default', now: new Date('2026-03-01T12:00:00Z'), newId: () => 'e-1' });
  if ('errors' in accepted) throw new Error(JSON.stringify(accepted.errors));
  return accepted.event;
};

export const picture = (name = 'snapshot.jpg'): Picture => ({
  name,
  content_type: 'image/jpeg',
  bytes: new Uint8Array([0xff, 0xd8, 0xff, 0xe0]),
});

export interface SendOptions {
  event?: FarmEvent;
  picture?: Picture;
  edits?: MessageRef;
  without?: Part[];
}

export interface Caller {
  http: Http;
  provider: DiscordProvider;
  settings: { url: string; thread_id?: string; username?: string };
  /** One call as the runtime makes it, and what it means. */
  send(
    options?: SendOptions,
  ): Promise<{ reply: Reply; verdict: ReturnType<NonNullable<typeof discord.verdict>>; ref?: MessageRef }>;
  close(): Promise<void>;
}

/** A local Discord with a webhook, and what calls it. */
export async function caller(
  options: Parameters<typeof discordProvider>[0] = { limits: null },
  webhook: Parameters<DiscordProvider['webhookUrl']>[0] = {},
  given: { thread_id?: string; username?: string } = {},
): Promise<Caller> {
  const provider = await discordProvider(options);
  const http = createHttp({ policy, userAgent: 'DiscordBot (https://farm.example.org, 1)' });
  const settings = { url: provider.webhookUrl(webhook), ...given };
  return {
    provider,
    http,
    settings,
    send: async ({ event = eventOf(benchy), picture: attached, edits, without: left = [] } = {}) => {
      const without = new Set(left);
      const links = { publicUrl: 'https://farmbell.example.org', without, ...(attached && { picture: attached.name }) };
      const reply = await discord.send(discord.render(event, settings, links), settings, {
        deliveryId: 'd1',
        now: new Date(),
        http,
        origin: provider.origin,
        ...(attached && { picture: attached }),
        ...(edits && { edits }),
      });
      const ref = discord.edits?.refOf(reply, settings);
      return { reply, verdict: discord.verdict?.(reply, settings, { without }), ...(ref && { ref }) };
    },
    close: async () => {
      await http.close();
      await provider.close();
    },
  };
}
