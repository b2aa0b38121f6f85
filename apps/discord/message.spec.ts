import type { APIEmbed } from 'discord-api-types/v10';
import { contentOf, type FarmEvent, type Severity } from '#contracts';
import type { Links } from '#delivery';
import { benchy, eventOf, pasted } from './harness.js';
import { messageOf } from './message.js';

const render = (event: FarmEvent, settings: Record<string, string> = {}, links: Partial<Links> = {}) =>
  messageOf(event, { url: pasted, ...settings }, { publicUrl: 'https://farmbell.example.org', ...links });
const embedOf = (event: FarmEvent, links?: Partial<Links>): APIEmbed => [...render(event, {}, links).body.embeds!][0]!;
const sizeOf = ({ title = '', description = '', fields = [], footer }: APIEmbed): number =>
  [title, description, footer?.text ?? '', ...fields.flatMap(({ name, value }) => [name, value])].join('').length;

describe('a Discord message', () => {
  it("reads like O.D.I.N.'s example", () => {
    const { title, description, color, footer, timestamp, fields } = embedOf(
      eventOf({ ...benchy, time: '2026-03-01T12:00:00+01:00' }),
    );
    expect([title, description]).toEqual(['Print Complete: Benchy (X1C)', 'Job #142 completed on X1C after 1h 23m.']);
    expect([color, footer?.text, timestamp]).toEqual([65280, 'Farmbell', '2026-03-01T11:00:00.000Z']);
    expect(fields).toContainEqual({ name: 'Printer', value: 'X1C', inline: true });
    expect(fields).toContainEqual({ name: 'Job', value: 'Benchy', inline: true });
  });

  it.each<[Severity, number]>([
    ['success', 65280],
    ['warning', 16753920],
    ['error', 16711680],
    ['critical', 16711680],
    ['info', 3447003],
  ])('of severity %s has the colour %i', (severity, color) => {
    expect(embedOf(eventOf({ ...benchy, severity })).color).toBe(color);
  });

  it('pings nobody and speaks under the name that was set', () => {
    expect(render(eventOf(benchy)).body).toMatchObject({ allowed_mentions: { parse: [] } });
    expect(render(eventOf(benchy)).body).not.toHaveProperty('username');
    expect(render(eventOf(benchy), { username: 'Farm', avatar_url: 'https://x.example/a.png' }).body).toMatchObject({
      username: 'Farm',
      avatar_url: 'https://x.example/a.png',
    });
  });

  it('shows names as they are, not as markdown', () => {
    const job = { id: '1', name: 'benchy_v2_||final||' };
    const { title, description, fields } = embedOf(eventOf({ ...benchy, message: '**done**', job }));
    expect(title).toContain('benchy\\_v2\\_\\|\\|final\\|\\|');
    expect(description).toBe('\\*\\*done\\*\\*');
    expect(fields).toContainEqual({ name: 'Job', value: 'benchy\\_v2\\_\\|\\|final\\|\\|', inline: true });
  });

  it('says below its text what is to be done, however long the text is', () => {
    const stuck = { type: 'printer.filament_change_required', printer: { id: 'p1', name: 'X1C' } };
    const event = eventOf(stuck);
    const { advice } = contentOf(event);
    expect(advice).not.toBe('');
    expect(embedOf(event).description).toBe(`${event.message}\n\n${advice}`);
    expect(embedOf({ ...event, message: ' ' }).description).toBe(advice);
    const long = embedOf({ ...event, message: 'm'.repeat(8000) }).description!;
    expect([long.length, long.endsWith(`m…\n\n${advice}`)]).toEqual([4096, true]);
  });

  it('uses the room there is: 256, 4096, and 6000 in all', () => {
    const filled = (unit: string, codePoints: number) => [...unit.repeat(codePoints)].slice(0, codePoints).join('');
    const long = (unit: string) =>
      eventOf({ ...benchy, title: filled(unit, 500), message: filled(unit, 8000), printer: { name: filled(unit, 300) } });
    const whole = embedOf(long('t'));
    expect([whole.title, whole.description]).toEqual([`${'t'.repeat(255)}…`, `${'t'.repeat(4095)}…`]);
    expect(whole.fields?.map(({ value }) => value)).toEqual(expect.arrayContaining(['t'.repeat(300), 'Benchy']));
    for (const unit of ['_', '\\', '🚀', 't', '<a', 'https://x.y/_ ', '\n# ']) {
      const embed = embedOf(long(unit));
      expect([embed.title!.length <= 256, embed.description!.length <= 4096, sizeOf(embed) <= 6000]).toEqual([true, true, true]);
    }
  });

  it('has at most 25 fields, and its link is one of them', () => {
    const text = (n: number) => `${n}`.repeat(300);
    const event = eventOf({
      ...benchy,
      printer: { id: 'p', name: text(1), model: text(2), location: text(3), tags: [text(4)] },
      link: 'http://octopi:5000/a_b',
      data: Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`key ${n}`, n])),
    });
    const { fields = [] } = embedOf(event);
    expect(fields.length).toBeLessThanOrEqual(25);
    expect(fields.at(-1)).toMatchObject({ name: 'Link', value: 'http://octopi:5000/a_b' });
  });

  it('has a title and no empty fields, whatever is blank in the event', () => {
    expect(embedOf({ ...eventOf(benchy), title: ' \n', message: ' ' })).toMatchObject({ title: 'job.succeeded' });
    expect(embedOf({ ...eventOf(benchy), message: ' ' })).not.toHaveProperty('description');
    const unseen = embedOf(eventOf({ ...benchy, title: '\u200b', message: '\u0001', printer: { name: '\u200b\u2060' } }));
    expect(unseen.title).toBe('job.succeeded');
    expect(unseen.fields?.map(({ name }) => name)).not.toContain('Printer');
  });

  it('has the time of the event, unless no calendar of Discord has it', () => {
    expect(embedOf({ ...eventOf(benchy), time: '0000-12-31T10:00:00.000Z' })).not.toHaveProperty('timestamp');
  });

  it('links its title, or names an address that Discord would refuse there', () => {
    expect(embedOf(eventOf({ ...benchy, link: 'https://farm.example.org/142' })).url).toBe('https://farm.example.org/142');
    for (const link of ['http://octopi:5000/142', 'http://[::1]/142']) {
      const local = embedOf(eventOf({ ...benchy, link }));
      expect(local).not.toHaveProperty('url');
      expect(local.fields?.at(-1)).toMatchObject({ name: 'Link', value: link });
    }
  });
});

describe("a Discord message's picture", () => {
  const published = { ...eventOf(benchy), snapshot: { url: 'https://farm.example.org/s.jpg' } };

  it('is the attached one, described by the title', () => {
    const { body, picture } = render(published, {}, { picture: 'snapshot.png' });
    expect(body.embeds).toMatchObject([{ image: { url: 'attachment://snapshot.png' } }]);
    expect(picture).toEqual({ name: 'snapshot.png', alt: 'Print Complete: Benchy (X1C)' });
  });

  it("is the publisher's own where none is attached, when Discord can reach it", () => {
    expect(embedOf(published).image).toEqual({ url: 'https://farm.example.org/s.jpg' });
    const local = { ...published, snapshot: { url: 'http://octopi/s.jpg' } };
    expect(embedOf(local)).not.toHaveProperty('image');
    expect(embedOf(eventOf(benchy))).not.toHaveProperty('image');
  });
});

describe('a Discord message in plainer form', () => {
  const event = {
    ...eventOf({ ...benchy, link: 'https://farm.example.org/1' }),
    snapshot: { url: 'https://farm.example.org/s.jpg' },
  };
  const settings = { username: 'Farm', avatar_url: 'https://x.example/a.png', thread_id: '1111111111111111' };
  const without = (...parts: ('picture' | 'markup' | 'thread')[]) =>
    render(event, settings, { picture: 'snapshot.jpg', without: new Set(parts) });

  it('has no picture at all once Discord refused it', () => {
    expect(without('picture')).not.toHaveProperty('picture');
    expect(without('picture').body.embeds).toEqual([expect.not.objectContaining({ image: expect.anything() })]);
  });

  it('has no address and no name that Discord may refuse, but still the link as text', () => {
    const { body, picture } = without('markup');
    expect(Object.keys(body).sort()).toEqual(['allowed_mentions', 'embeds']);
    expect(body.embeds).toEqual([expect.not.objectContaining({ url: expect.anything() })]);
    expect(body.embeds).toMatchObject([{ image: { url: 'attachment://snapshot.jpg' } }]);
    expect([...body.embeds!][0]!.fields?.at(-1)).toMatchObject({ value: 'https://farm.example.org/1' });
    expect(picture?.name).toBe('snapshot.jpg');
  });

  it('goes to the channel itself once the thread is gone', () => {
    expect(without()).toMatchObject({ thread: '1111111111111111' });
    expect(without('thread')).not.toHaveProperty('thread');
  });
});
