import ipaddr from 'ipaddr.js';
import type { SlackWord } from './slack-answers.js';

// biome-ignore lint/suspicious/noExplicitAny: whatever a request holds
type Json = any;

// https://docs.slack.dev/reference/block-kit/blocks and the pages of each block beneath it
const most = {
  blocks: 50,
  text: 3000,
  field: 2000,
  fields: 10,
  elements: 10,
  header: 150,
  url: 3000,
  alt: 2000,
  id: 255,
  all: 12_000,
};
const keys: Record<string, string> = {
  message: 'text blocks attachments unfurl_links unfurl_media metadata thread_ts',
  section: 'type block_id text fields',
  header: 'type block_id text',
  context: 'type block_id elements',
  image: 'type block_id image_url alt_text title',
  divider: 'type block_id',
  mrkdwn: 'type text verbatim',
  plain_text: 'type text emoji',
};

/**
 * The word that Slack refuses this message with. Stricter than Slack: it overlooks keys that it does not know and shows markup
 * that is not closed as it stands; here both are refused, as they do nothing for the reader.
 */
export function refused(message: Json, fetches: (url: string) => boolean): SlackWord | undefined {
  if (!isObject(message)) return 'invalid_payload';
  // https://github.com/slackapi/java-slack-sdk/issues/1621
  if ('channel' in message) return 'channel_not_found';
  const { text, blocks = [], attachments = [], unfurl_links = false, unfurl_media = false } = message;
  const wellTyped = [unfurl_links, unfurl_media].every((flag) => typeof flag === 'boolean') && Array.isArray(attachments);
  if (!onlyKnown(message, 'message') || !wellTyped) return 'invalid_payload';
  if (attachments.length > 100) return 'too_many_attachments';
  // beside blocks it is what notifications show
  if (text === undefined || text === '') return 'no_text';
  // longer ones are split: https://github.com/ErikKalkoken/slackApiDoc/blob/master/message_limits.md
  if (typeof text !== 'string' || text.trim() === '' || text.length > 4000 || !isMarkup(text)) return 'invalid_payload';
  if (!Array.isArray(blocks) || blocks.length > most.blocks || !blocks.every((block) => isBlock(block, fetches)))
    return 'invalid_blocks';
  // https://github.com/slackapi/bolt-js/issues/2509
  return textsOf(blocks).reduce((sum, one) => sum + one.text.length, 0) > most.all ? 'invalid_blocks' : undefined;
}

function isBlock(block: Json, fetches: (url: string) => boolean): boolean {
  if (!isObject(block)) return false;
  const { type, block_id } = block as Json;
  const fits = blockRules.get(type);
  return (
    fits !== undefined && onlyKnown(block, type) && (block_id === undefined || isText(block_id, most.id)) && fits(block, fetches)
  );
}

const blockRules = new Map<unknown, (block: Json, fetches: (url: string) => boolean) => boolean>([
  [
    'section',
    ({ text, fields }) =>
      (text !== undefined || fields !== undefined) &&
      (text === undefined || isTextObject(text, most.text)) &&
      (fields === undefined || isList(fields, most.fields, (one) => isTextObject(one, most.field))),
  ],
  ['header', ({ text }) => isTextObject(text, most.header, ['plain_text'])],
  ['context', ({ elements }) => isList(elements, most.elements, (one) => isTextObject(one, most.text))],
  [
    'image',
    ({ image_url, alt_text, title }, fetches) =>
      isText(alt_text, most.alt) &&
      (title === undefined || isTextObject(title, most.alt, ['plain_text'])) &&
      isText(image_url, most.url) &&
      fetches(image_url),
  ],
  ['divider', () => true],
]);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const onlyKnown = (value: object, kind: string): boolean =>
  Object.keys(value).every((key) => keys[kind]?.split(' ').includes(key));
const isText = (value: unknown, max: number): value is string => typeof value === 'string' && value !== '' && value.length <= max;
const isList = (value: unknown, max: number, each: (one: Json) => boolean): boolean =>
  Array.isArray(value) && value.length >= 1 && value.length <= max && value.every(each);

function isTextObject(value: Json, max: number, types: readonly string[] = ['mrkdwn', 'plain_text']): boolean {
  if (!isObject(value) || !types.includes(String(value.type)) || !onlyKnown(value, String(value.type))) return false;
  const { type, text, verbatim = false, emoji = false } = value;
  if (typeof verbatim !== 'boolean' || typeof emoji !== 'boolean') return false;
  return isText(text, max) && text.trim() !== '' && (type === 'plain_text' || isMarkup(text));
}

// https://docs.slack.dev/messaging/formatting-message-text
const entity = /&(?:amp|lt|gt);/g;
const url = String.raw`https?:\/\/(?:[^\s<>|&]|&(?:amp|lt|gt);)+`;
const control = new RegExp(
  String.raw`<(?:${url}(?:\|[^<>|]+)?|mailto:[^<>|]+(?:\|[^<>|]+)?|[@#][A-Z0-9]+(?:\|[^<>|]+)?|!(?:here|channel|everyone)(?:\|[^<>|]+)?|!subteam\^[A-Z0-9]+(?:\|[^<>|]+)?|!date\^\d+\^[^^<>|]*\{\w+\}[^^<>|]*(?:\^${url})?\|[^<>|]+)>`,
  'g',
);

/** Whether every `&`, `<` and `>` in it is an entity or belongs to a mention, a link or a date. */
const isMarkup = (text: string): boolean => !/[&<>]/.test(text.replaceAll(control, '').replaceAll(entity, ''));

const textsOf = (blocks: readonly Json[]): { type: string; text: string; verbatim?: boolean }[] =>
  blocks.flatMap(({ text, fields = [], elements = [] }) => [...(text ? [text] : []), ...fields, ...elements]);

/** Whom a message pings. What is not marked as a mention may be taken for one where a text is not verbatim. */
export function pingsOf({ text, blocks = [] }: { text: string; blocks?: readonly Json[] }): string[] {
  const marked = /<(?:@[A-Z0-9]+|!(?:here|channel|everyone)|!subteam\^[A-Z0-9]+)(?:\|[^<>]*)?>/g;
  const plain = /@(?:here|channel|everyone)\b/g;
  const mrkdwn = textsOf(blocks).filter((one) => one.type === 'mrkdwn');
  return [
    ...[text, ...mrkdwn.map((one) => one.text)].flatMap((one) => one.match(marked) ?? []),
    ...mrkdwn.filter((one) => !one.verbatim).flatMap((one) => one.text.match(plain) ?? []),
  ];
}

/** Slack's servers stand in the internet: what is no name or address there cannot be fetched. */
export function isInTheInternet(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (!/^https?:$/.test(protocol)) return false;
  if (ipaddr.isValid(host)) return ipaddr.process(host).range() === 'unicast';
  return host.includes('.') && !/\.(?:local|localhost|lan|home|internal|arpa)\.?$/.test(host);
}
