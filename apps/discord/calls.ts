import type { RESTPatchAPIWebhookWithTokenMessageJSONBody, RESTPostAPIWebhookWithTokenJSONBody } from 'discord-api-types/v10';
import { HttpFailure, type MessageRef, multipart, type Picture, type Reply, type Sending } from '#delivery';
import type { DiscordMessage } from './message.js';
import { bodyOf } from './replies.js';
import { type Settings, threadOf, webhookOf, where } from './settings.js';

/** Milliseconds; a picture of 2 MiB takes its time from a workshop's line. */
const timeout = { text: 10_000, picture: 30_000 };

/** Rebuilt as v10, never the pasted address: without a version it would mean v6. https://discord.com/developers/docs/reference#api-versioning */
const address = (origin: string, settings: Pick<Settings, 'url'>): string => {
  const { id, token } = webhookOf(settings);
  return `${origin}/api/v10/webhooks/${id}/${token}`;
};

/** One call: posts the message, or changes the one that it continues. */
export async function send(message: DiscordMessage, settings: Settings, sending: Sending): Promise<Reply> {
  const { http, origin, edits } = sending;
  const { thread } = message;
  const picture = sending.picture && message.picture && { ...sending.picture, name: message.picture.name };
  const webhook = address(origin, settings);
  // a message in another thread than this one goes into is not changed but left: that thread is no longer the channel's
  const edited = edits && edits.thread_id === thread ? edits : undefined;
  const inThread = thread ? `thread_id=${thread}` : '';
  // wait=true: without it an unsaved message is no error, and has no id to change it by
  const url = edited
    ? `${webhook}/messages/${edited.message_id}${inThread && `?${inThread}`}`
    : `${webhook}?wait=true${inThread && `&${inThread}`}`;
  const attached = picture &&
    message.picture && { attachments: [{ id: 0, filename: picture.name, description: message.picture.alt }] };
  const body = edited ? { ...changed(message.body), attachments: [], ...attached } : { ...message.body, ...attached };
  return http.request({
    url,
    method: edited ? 'PATCH' : 'POST',
    timeoutMs: picture ? timeout.picture : timeout.text,
    ...(await encoded(body, picture)),
  });
}

/**
 * What an edit takes of a message. Mentions are allowed anew at each edit, and all attachments that are to be there are named:
 * https://discord.com/developers/docs/resources/webhook#edit-webhook-message. Without a new picture there are none: an old one
 * that stays is shown beside the embed or twice, and one that the embed still shows when it is gone becomes a dead link.
 * https://github.com/discord/discord-api-docs/issues/5675, https://github.com/discord-net/Discord.Net/issues/2236
 */
const changed = ({
  embeds,
  allowed_mentions,
}: RESTPostAPIWebhookWithTokenJSONBody): RESTPatchAPIWebhookWithTokenMessageJSONBody => ({ embeds, allowed_mentions });

/** `files[0]` is the attachment 0: https://discord.com/developers/docs/reference#uploading-files */
async function encoded(body: object, picture: Picture | undefined) {
  if (!picture) return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const form = new FormData();
  form.append('payload_json', JSON.stringify(body));
  form.append('files[0]', new Blob([new Uint8Array(picture.bytes)], { type: picture.content_type }), picture.name);
  return multipart(form);
}

/** What names the message of this reply; in a thread, that is needed too: https://github.com/discord/discord-api-docs/issues/3519 */
export function refOf(reply: Reply, settings: Settings): MessageRef | undefined {
  const { id, channel_id } = bodyOf(reply) ?? {};
  if (reply.status !== 200 || typeof id !== 'string' || !/^\d{1,20}$/.test(id)) return undefined;
  const thread = threadOf(settings);
  return { message_id: id, ...(thread !== undefined && channel_id === thread && { thread_id: thread }) };
}

/** Incoming ones alone can be posted to: https://discord.com/developers/docs/resources/webhook#webhook-object-webhook-types */
const incoming = 1;

/** Asks for the webhook itself, which nobody in the channel sees. */
export async function verify(
  settings: Settings,
  { http, origin }: Pick<Sending, 'http' | 'origin'>,
): Promise<[path: string, message: string][]> {
  const fault = (message: string): [string, string][] => [['url', message]];
  const later = (why: string) => fault(`could not be checked with Discord: ${why}. Try again in a few minutes`);
  let reply: Reply;
  try {
    reply = await http.request({ url: address(origin, settings), method: 'GET', timeoutMs: timeout.text });
  } catch (error) {
    if (error instanceof HttpFailure) return later(error.message);
    throw error;
  }
  const body = bodyOf(reply);
  if (body && reply.status === 401) return fault(`has a token that Discord does not know: copy the whole URL anew. ${where}`);
  if (body && reply.status === 404)
    return fault(
      `is of a webhook that Discord does not know (any more): make a new one with New Webhook, and copy its URL. ${where}`,
    );
  if (reply.status !== 200 || !body) return later(`it answered HTTP ${reply.status}`);
  if (body.type === incoming) return [];
  return fault(`is of a webhook that takes no messages, as it follows another channel: make one with New Webhook. ${where}`);
}
