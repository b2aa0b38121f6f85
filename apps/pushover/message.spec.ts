import type { Severity } from '#contracts';
import { messageOf } from './message.js';
import { benchy, chosen, eventOf, spaghetti } from './samples.js';

const render = (input: object, given: object = {}) => messageOf(eventOf(input), chosen(given));
const codePoints = (text: string) => [...text].length;

describe('a Pushover message', () => {
  it('says what happened, when, and the facts line by line', () => {
    const { title, message, timestamp, priority } = render({ ...benchy, time: '2026-03-01T12:00:00+01:00' });
    expect(title).toBe('✅ Print Complete: Benchy (X1C)');
    expect(message.split('\n')).toEqual(expect.arrayContaining(['Job #142 completed on X1C after 1h 23m.', 'Printer: X1C']));
    expect([timestamp, priority]).toEqual([Date.parse('2026-03-01T11:00:00Z') / 1000, 0]);
  });

  it.each<[Severity, number]>([
    ['critical', 2],
    ['error', 1],
    ['warning', 0],
    ['success', -1],
    ['info', -1],
  ])('of severity %s has the priority %i where it is automatic', (severity, priority) => {
    expect(render({ ...benchy, severity }, { priority: 'auto' }).priority).toBe(priority);
    expect(render({ ...benchy, severity }, { priority: -2 }).priority).toBe(-2);
  });

  it('is repeated where it is an emergency, and there alone', () => {
    const given = { priority: 'auto', retry_s: 45, expire_s: 900, sound: 'siren' };
    expect(render(spaghetti, given)).toMatchObject({ priority: 2, retry: 45, expire: 900, sound: 'siren' });
    const plain = render(benchy, given);
    for (const name of ['retry', 'expire', 'tags', 'ttl']) expect(plain).not.toHaveProperty(name);
    expect(render(benchy)).not.toHaveProperty('sound');
  });

  it('carries a tag of its printer and account in an emergency, without commas', () => {
    const tag = (input: object) => render({ ...spaghetti, ...input }, { priority: 2 }).tags;
    const own = tag({});
    expect(own).toMatch(/^farmbell-[0-9a-f]{16}$/);
    expect(tag({ type: 'job.failed' })).toBe(own);
    expect(tag({ printer: { id: 'p2' } })).not.toBe(own);
    expect(tag({ printer: { id: 'a,b' } })).not.toContain(',');
    expect(tag({ printer: undefined })).toBeUndefined();
    const elsewhere = { ...eventOf(spaghetti), account: 'other' };
    expect(messageOf(elsewhere, chosen({ priority: 2 })).tags).not.toBe(own);
  });

  it('of a progress goes away after a shift, unless it is an emergency', () => {
    const progress = { ...benchy, type: 'job.progress' };
    expect(render(progress).ttl).toBe(21_600);
    expect(render(progress, { priority: 2 })).not.toHaveProperty('ttl');
  });

  it('opens the page of the event', () => {
    expect(render({ ...benchy, link: 'http://octopi:5000/142' })).toMatchObject({
      url: 'http://octopi:5000/142',
      url_title: 'Open octopi:5000',
    });
    for (const name of ['url', 'url_title']) expect(render(benchy)).not.toHaveProperty(name);
  });

  it('names a link that is too long for its field, whole or not at all', () => {
    const link = (length: number) => `http://octopi/${'x'.repeat(length - 14)}`;
    expect(render({ ...benchy, link: link(512) }).url).toBe(link(512));
    const long = render({ ...benchy, link: link(513), message: 'm'.repeat(8000) });
    expect(long).not.toHaveProperty('url');
    expect(long.message).toContain(`…\nLink: ${link(513)}`);
    expect(codePoints(long.message)).toBeGreaterThan(1000);
    // beside a long text there is no room for the longest
    const longest = render({ ...benchy, link: link(1000), message: 'm'.repeat(8000) }).message;
    expect([longest.includes('octopi'), longest.startsWith('m'.repeat(299))]).toEqual([false, true]);
    expect(
      render({ ...benchy, link: link(1000), message: 'ok' })
        .message.split('\n')
        .slice(0, 2),
    ).toEqual(['ok', `Link: ${link(1000)}`]);
  });
});

describe('the room in a Pushover message', () => {
  it('is 250 and 1024 code points, emoji among them', () => {
    const { title, message } = render({ ...benchy, title: '🚀'.repeat(500), message: '🚀'.repeat(8000) });
    expect([title, message]).toEqual([`✅ ${'🚀'.repeat(247)}…`, `${'🚀'.repeat(1023)}…`]);
  });

  it('goes to the text first, and then to every fact that fits in whole', () => {
    const text = 'm'.repeat(1000);
    const { message } = render({ ...benchy, message: text, printer: { name: 'X1C', location: 'l'.repeat(300) } });
    expect(message.startsWith(`${text}\nPrinter: X1C`)).toBe(true);
    expect(message).not.toContain('Location');
  });

  it('counts a line feed as the two characters that it is in a form', () => {
    const { message } = render({ ...benchy, message: 'a\n'.repeat(4000) });
    expect(codePoints(message.replaceAll('\n', '\r\n'))).toBeLessThanOrEqual(1024);
    expect(codePoints(message)).toBeGreaterThan(670);
    expect(message).not.toContain('\r');
    expect(render({ ...benchy, message: 'a\r\nb\rc' }).message).toMatch(/^a\nb\nc\n/);
  });

  it('is never left blank: the title fills it, or the type', () => {
    const bare = { ...eventOf({ type: 'farm.autoprint_changed' }), message: ' \u200b' };
    expect(messageOf({ ...bare, title: 'Farm Changed' }, chosen())).toMatchObject({
      title: 'ℹ️ Farm Changed',
      message: 'Farm Changed',
    });
    expect(messageOf({ ...bare, title: '\u200b\u2060' }, chosen())).toMatchObject({
      title: 'ℹ️ farm.autoprint_changed',
      message: 'farm.autoprint_changed',
    });
  });

  it('has one line for the title and for each fact', () => {
    const { title, message } = render({ ...benchy, title: 'a\r\nb\u2028c', message: 'm', printer: { name: 'x\n\ny' } });
    expect(title).toBe('✅ a b c');
    expect(message).toMatch(/^m\nPrinter: x y$/m);
  });

  it('leaves out a time before 1970, which Pushover cannot show', () => {
    expect(render({ ...benchy, time: '1969-12-31T23:59:59Z' })).not.toHaveProperty('timestamp');
  });
});
