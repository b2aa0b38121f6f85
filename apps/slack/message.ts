import type { ContextBlock, ImageBlock, MrkdwnElement, SectionBlock } from '@slack/types';
import { type Content, contentOf, type FarmEvent } from '#contracts';
import type { Links } from '#delivery';
import { address, bold, escaped, linked, oneLine, when } from './markup.js';
import { pictureOf } from './picture.js';

/** What goes to a webhook. Neither channel, name nor icon: those are the webhook's own, and Slack refuses a message that sets them. */
export interface SlackMessage {
  /** What notifications and screen readers show; all there is when there are no blocks. */
  text: string;
  blocks?: (SectionBlock | ImageBlock | ContextBlock)[];
  unfurl_links: false;
  unfurl_media: false;
}

// https://docs.slack.dev/reference/block-kit/blocks/section-block and https://docs.slack.dev/reference/block-kit/blocks;
// text: https://api.slack.com/changelog/2018-04-truncating-really-long-messages asks for 4000 at most;
// all: the texts of all blocks, 12,000 as observed, https://github.com/slackapi/bolt-js/issues/2509
const most = { text: 4000, section: 3000, field: 2000, fields: 10, blocks: 50, all: 10_000 };
/** What a part may take of that, escaped. */
const share = { title: 1000, advice: 1000, name: 100, link: 2000, plainAdvice: 300, plainFact: 300, plainFacts: 1000 };

export function messageOf(event: FarmEvent, links: Links): SlackMessage {
  const content = contentOf(event);
  const href = event.link === undefined ? undefined : address(event.link, share.link);
  const quiet = { unfurl_links: false, unfurl_media: false } as const;
  if (links.without?.has('markup')) return { text: plainText(content, href), ...quiet };
  const picture = links.without?.has('picture') ? undefined : pictureOf(event, links);
  const text = escaped(lines(headline(content), content.advice), most.text);
  return { text, blocks: blocksOf(event, content, href, picture), ...quiet };
}

const headline = ({ emoji, title, message }: Content): string => lines(`${emoji} ${oneLine(title)}`, message);

const lines = (...texts: string[]): string => texts.filter((text) => text !== '').join('\n');

function blocksOf(
  event: FarmEvent,
  content: Content,
  href: string | undefined,
  picture: string | undefined,
): NonNullable<SlackMessage['blocks']> {
  const first = firstSection(content);
  const advice = content.advice === '' ? [] : [escaped(content.advice, share.advice)];
  const link = href === undefined ? [] : [linked(href, 'Open')];
  const footer = `${content.emoji} Farmbell · ${when(event.time)}`;
  const room = most.all - [first, ...advice, ...link, footer].join('').length;
  const facts = rows(fitting(content.facts.map(field), room), most.fields);
  const image: ImageBlock[] = picture === undefined ? [] : [{ type: 'image', image_url: picture, alt_text: 'Snapshot' }];
  const above = [first, ...advice].map((text) => section({ text: mrkdwn(text) }));
  const below = [
    ...link.map((text) => section({ text: mrkdwn(text) })),
    ...image,
    { type: 'context', elements: [mrkdwn(footer)] } satisfies ContextBlock,
  ];
  return [
    ...above,
    ...facts.slice(0, most.blocks - above.length - below.length).map((texts) => section({ fields: texts.map(mrkdwn) })),
    ...below,
  ];
}

function firstSection({ title, message }: Content): string {
  const head = bold(escaped(oneLine(title), share.title));
  return lines(head, escaped(message, most.section - head.length - 1));
}

function field([name, value]: [name: string, value: string]): string {
  const head = `${bold(escaped(oneLine(name), share.name))}\n`;
  return head + escaped(value.trim(), most.field - head.length);
}

/** The same, for when Slack takes no blocks: one text, in which the message gives way to what is shorter than it. */
function plainText(content: Content, href = ''): string {
  const facts = content.facts.map(([name, value]) => escaped(`${oneLine(name)}: ${oneLine(value)}`, share.plainFact));
  const tail = lines(escaped(content.advice, share.plainAdvice), ...fitting(facts, share.plainFacts), href);
  return lines(escaped(headline(content), most.text - tail.length - 1), tail);
}

/** Those that find room, each with a line feed, in their order. */
function fitting(texts: readonly string[], room: number): string[] {
  let left = room;
  return texts.filter((text) => {
    const fits = text.length < left;
    if (fits) left -= text.length + 1;
    return fits;
  });
}

const rows = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, row) => all.slice(row * size, (row + 1) * size));

const section = (parts: Pick<SectionBlock, 'text' | 'fields'>): SectionBlock => ({ type: 'section', ...parts });

/** Verbatim: Slack then takes nothing in it for a mention that is not marked as one, such as @here in a file's name. */
const mrkdwn = (text: string): MrkdwnElement => ({ type: 'mrkdwn', text, verbatim: true });
