import type { SectionBlock } from '@slack/types';
import { accept, contentOf, type FarmEvent, type Severity } from '#contracts';
import type { Part } from '#delivery';
import { slack } from './index.js';
import type { SlackMessage } from './message.js';

const eventOf = (input: object): FarmEvent => {
  const accepted = accept(input, { account: 'default', now: new Date('2026-03-01T12:00:00Z'), newId: () => 'e-1' });
  if ('errors' in accepted) throw new Error(JSON.stringify(accepted.errors));
  return accepted.event;
};
const benchy = {
  type: 'job.succeeded',
  printer: { id: 'p1', name: 'X1C' },
  job: { id: '142', name: 'Benchy', duration_s: 4980 },
};
const everything = {
  ...benchy,
  printer: { name: 'X1C', model: 'X1 Carbon', location: 'Room 2' },
  job: { ...benchy.job, file: 'plate.gcode', progress: 100, error: 'Nozzle clogged', error_code: '0300' },
  material: { name: 'Black', used_g: 12, remaining_g: 80 },
  order: { number: 'A7', source: 'Etsy', total: 9.9 },
  maintenance: { task: 'Grease', due_at: '2026-03-02T00:00:00Z' },
  user: { first_name: 'Ada' },
  organization: 'School 1',
};
const render = (event: FarmEvent, ...without: Part[]): SlackMessage =>
  slack.render(event, { url: '' }, { publicUrl: 'https://farmbell.example.org', without: new Set(without) });
/** The texts of a message's blocks, one a text object. */
const textsOf = ({ blocks = [] }: SlackMessage): string[] =>
  blocks.flatMap((block) => {
    const { text, fields = [], elements = [] } = block as SectionBlock & { elements?: { text: string }[] };
    return [...(text ? [text] : []), ...fields, ...elements].map((one) => one.text);
  });

describe('a Slack message', () => {
  it('begins with the title and the message, and says the same in a notification', () => {
    const { text, blocks, ...rest } = render(
      eventOf({ ...benchy, link: 'https://farm.example.org/142', time: '2026-03-01T11:00:00Z' }),
    );
    expect(text.split('\n').slice(0, 2)).toEqual(['✅ Print Complete: Benchy (X1C)', 'Job #142 completed on X1C after 1h 23m.']);
    expect(blocks?.[0]).toEqual({
      type: 'section',
      text: {
        type: 'mrkdwn',
        text: '*Print Complete: Benchy (X1C)*\nJob #142 completed on X1C after 1h 23m.',
        verbatim: true,
      },
    });
    expect(blocks?.at(-2)).toMatchObject({ text: { text: '<https://farm.example.org/142|Open>' } });
    expect(blocks?.at(-1)).toMatchObject({
      type: 'context',
      elements: [{ text: '✅ Farmbell · <!date^1772362800^{date_short_pretty} at {time}|2026-03-01 11:00 UTC>' }],
    });
    expect(rest).toEqual({ unfurl_links: false, unfurl_media: false });
  });

  it('shows the facts as fields, in their order', () => {
    const event = eventOf({ ...benchy, printer: { name: 'X1C', location: 'Room 2' } });
    const fields = render(event).blocks!.flatMap((block) => (block.type === 'section' ? (block.fields ?? []) : []));
    expect(fields.map(({ text }) => text)).toEqual(contentOf(event).facts.map(([name, value]) => `*${name}*\n${value}`));
    expect(fields.map(({ text }) => text)).toContain('*Printer*\nX1C');
  });

  it('shows more facts than a section takes in several', () => {
    const event = eventOf({ ...everything, title: 'T', message: 'M' });
    const rows = render(event).blocks!.flatMap((block) =>
      block.type === 'section' && block.fields ? [block.fields.length] : [],
    );
    const { facts } = contentOf(event);
    expect(facts.length).toBeGreaterThan(10);
    expect(rows).toEqual([10, facts.length - 10]);
  });

  it('says what is to be done, in a notification too', () => {
    const event = eventOf({ ...benchy, type: 'job.failed' });
    const { advice } = contentOf(event);
    expect(advice).not.toBe('');
    expect([textsOf(render(event))[1], render(event).text.split('\n').at(-1)]).toEqual([advice, advice]);
    expect(render(event, 'markup').text.split('\n')).toContain(advice);
  });

  it.each<[Severity, string]>([
    ['info', 'ℹ️'],
    ['success', '✅'],
    ['warning', '⚠️'],
    ['error', '❌'],
    ['critical', '🚨'],
  ])('of severity %s shows %s: first in a notification, and in the footer', (severity, emoji) => {
    const message = render(eventOf({ ...benchy, severity }));
    for (const text of [message.text, textsOf(message).at(-1)]) expect(text?.startsWith(`${emoji} `)).toBe(true);
  });

  it('has a bold title of one line, also where the event has a blank one or one of two lines', () => {
    expect(textsOf(render({ ...eventOf(benchy), title: ' \n', message: ' ' }))[0]).toBe('*job.succeeded*');
    expect(textsOf(render({ ...eventOf(benchy), title: ' a\r\n\tb ', message: 'c' }))[0]).toBe('*a b*\nc');
  });

  it('escapes once what people and slicers write, and nothing else', () => {
    const hostile = '<!channel> & <@U024BE7LH> &lt; "é"';
    const plain = '&lt;!channel&gt; &amp; &lt;@U024BE7LH&gt; &amp;lt; "é"';
    const event = eventOf({ ...benchy, title: hostile, message: hostile, printer: { name: hostile } });
    for (const message of [render(event), render(event, 'markup')]) {
      expect(message.text.startsWith(`✅ ${plain}\n${plain}`)).toBe(true);
      expect(JSON.stringify(message)).not.toMatch(/<[!@](?!date\^)/);
    }
    expect(textsOf(render(event))).toEqual(expect.arrayContaining([`*${plain}*\n${plain}`, `*Printer*\n${plain}`]));
  });

  it.each([
    ['https://farm.example.org/a?b=1&c=2', 'https://farm.example.org/a?b=1&amp;c=2'],
    ['http://octopi:5000/x|y', 'http://octopi:5000/x%7Cy'],
    ['https://farm.example.org/<é>', 'https://farm.example.org/%3C%C3%A9%3E'],
  ])('links %s as %s', (link, href) => {
    expect(textsOf(render(eventOf({ ...benchy, link })))).toContain(`<${href}|Open>`);
    expect(
      render(eventOf({ ...benchy, link }), 'markup')
        .text.split('\n')
        .at(-1),
    ).toBe(href);
  });

  it('leaves out a link that is too long to be kept whole', () => {
    const link = `https://farm.example.org/${'🚀'.repeat(900)}`;
    expect(JSON.stringify(render(eventOf({ ...benchy, link })))).not.toContain('farm.example.org');
  });

  it('tells a time before 1970 as it is', () => {
    expect(textsOf(render({ ...eventOf(benchy), time: '1969-07-20T20:17:40.000Z' })).at(-1)).toBe(
      '✅ Farmbell · 1969-07-20 20:17 UTC',
    );
  });
});

describe('the length of a Slack message', () => {
  it('uses the room there is: 4000 in the notification, 3000 in the first section, 2000 in a field', () => {
    const long = render(
      eventOf({ ...benchy, title: 't'.repeat(500), message: 'm'.repeat(8000), printer: { location: 'l'.repeat(1000) } }),
    );
    expect([long.text.length, textsOf(long)[0]?.length]).toEqual([4000, 3000]);
    expect(textsOf(long)[0]).toMatch(/^\*t{500}\*\nm+…$/);
    expect(textsOf(long)).toContain(`*Location*\n${'l'.repeat(1000)}`);
  });

  it.each(['&', '<', '🚀', 'a&', '&🚀'])('is held escaped, of nothing but %j, and cuts no entity and no emoji', (unit) => {
    const text = (codePoints: number) => unit.repeat(codePoints / [...unit].length);
    const event: FarmEvent = {
      ...eventOf(benchy),
      title: text(500),
      message: text(8000),
      printer: { name: text(300), location: text(1000) },
      job: { name: text(300), error: text(8000), error_code: text(1000) },
    };
    for (const message of [render(event), render(event, 'markup')]) {
      const texts = [message.text, ...textsOf(message)];
      for (const one of texts) {
        expect(one.isWellFormed()).toBe(true);
        expect(one.replaceAll(/&(amp|lt|gt);|<!date[^>]*>/g, '')).not.toMatch(/[&<>]/);
      }
      expect(message.text.length).toBeLessThanOrEqual(4000);
      expect(textsOf(message)[0]?.length ?? 0).toBeLessThanOrEqual(3000);
      for (const field of textsOf(message).slice(1)) expect(field.length).toBeLessThanOrEqual(2000);
    }
  });

  it('as plain text keeps facts and link, and cuts the message', () => {
    const event = eventOf({ ...benchy, message: 'm'.repeat(8000), link: 'https://farm.example.org/142' });
    const { text, ...rest } = render(event, 'markup');
    expect(rest).toEqual({ unfurl_links: false, unfurl_media: false });
    expect(text.length).toBe(4000);
    expect(text).toMatch(
      /^✅ Print Complete: Benchy \(X1C\)\nm+…\n[\s\S]*Printer: X1C\n[\s\S]*https:\/\/farm\.example\.org\/142$/,
    );
  });
});
