import type { Part } from '#delivery';
import { messageOf } from './message.js';
import { benchy, eventOf } from './samples.js';

const settings = { bot_token: '', chat_id: '1', silent: [] };
const publicUrl = 'https://farm.example.org';
const render = (input: object, links = {}, more = {}) =>
  messageOf(eventOf(input), { ...settings, ...more }, { publicUrl, ...links });
const without = (...parts: Part[]) => ({ without: new Set(parts) });

describe('a Telegram message', () => {
  it("reads like O.D.I.N.'s example: title bold, message, facts as lines, the page as a link", () => {
    const { text, caption, parse_mode } = render({ ...benchy, link: 'https://farm.example.org/jobs/142' });
    expect(text).toMatch(
      /^✅ <b>Print Complete: Benchy \(X1C\)<\/b>\nJob #142 completed on X1C after 1h 23m\.\n\n([\w ]+: [^\n]+\n)+\n<a href="https:\/\/farm\.example\.org\/jobs\/142">Open<\/a>$/,
    );
    expect(text).toMatch(/\nPrinter: X1C\n/);
    expect([caption, parse_mode]).toEqual([text, 'HTML']);
  });

  it('escapes what would be markup, also in the address', () => {
    const { text } = render({
      ...benchy,
      title: '<b>&amp;</i>"\'',
      message: 'a < b && c > d',
      link: 'https://x.example/?a=1&b="<>\'',
    });
    expect(text).toMatch(/<b>&lt;b&gt;&amp;amp;&lt;\/i&gt;&quot;'<\/b>\na &lt; b &amp;&amp; c &gt; d\n/);
    expect(text).toContain('<a href="https://x.example/?a=1&amp;b=%22%3C%3E%27">Open</a>');
  });

  it('is plain text where Telegram could not read the markup, the page written out', () => {
    const plain = render({ ...benchy, title: 'a < b', link: 'https://x.example/1?a&b' }, without('markup'));
    expect(plain.text).toMatch(/^✅ a < b\n.*\n\nOpen: https:\/\/x\.example\/1\?a&b$/s);
    expect(plain).not.toHaveProperty('parse_mode');
  });

  it('writes out an address that Telegram makes no link of', () => {
    expect(render({ ...benchy, link: 'http://octopi:5000/?a&b' }).text).toMatch(/\nOpen: http:\/\/octopi:5000\/\?a&amp;b$/);
    for (const link of ['http://192.168.1.20:5000/', 'http://[fd00::1]/', 'http://octopi.local/'])
      expect(render({ ...benchy, link }).text).toContain(`<a href="${link}">Open</a>`);
  });

  it('links the picture that does not go with it', () => {
    const stored = { ...eventOf(benchy), snapshot: { id: 's-1', content_type: 'image/jpeg', bytes: 3 } };
    const url = { ...stored, snapshot: { url: 'https://cam.example/1.jpg' } };
    const shown = (event: typeof stored | typeof url, links = {}) => messageOf(event, settings, { publicUrl, ...links }).text;
    expect(shown(stored, without('picture'))).toContain('<a href="https://farm.example.org/s/s-1">Picture</a>');
    expect(shown(url)).toContain('<a href="https://cam.example/1.jpg">Picture</a>');
    expect(shown(stored, { picture: 'snapshot.jpg' })).not.toContain('Picture');
  });

  it('comes without sound when its severity is a silent one, and goes to its topic', () => {
    const more = { silent: ['success'], message_thread_id: 42 };
    expect(render(benchy, {}, more)).toMatchObject({ disable_notification: true, message_thread_id: 42 });
    expect(render({ ...benchy, severity: 'error' }, {}, more)).not.toHaveProperty('disable_notification');
    expect(render(benchy, without('thread'), more)).not.toHaveProperty('message_thread_id');
  });

  it('uses the room there is, 4096 and 1024 characters, and keeps facts and link', () => {
    const long = { ...benchy, title: '🚀'.repeat(500), message: '&'.repeat(8000), link: 'https://x.example/1' };
    const { text, caption } = render(long);
    const read = (sent: string) => sent.replaceAll(/<[^>]*>/g, '').replaceAll('&amp;', '&');
    expect([[...read(text)].length, [...read(caption)].length]).toEqual([4096, 1024]);
    for (const sent of [text, caption]) {
      expect(sent).toMatch(/^✅ <b>(🚀){255}…<\/b>\n(&amp;)+…\n\nPrinter: X1C\n/u);
      expect(sent).toMatch(/Open<\/a>$/);
    }
  });

  it('has each fact on a line of its own, clipped, and leaves out those that there is no room for', () => {
    const { caption } = render({ ...benchy, printer: { name: 'a\nb'.repeat(100), location: 'l'.repeat(900) } });
    expect(caption).toMatch(/\nPrinter: (a b)+[ab]*…\n/);
    expect([...caption].length).toBeLessThanOrEqual(1024);
  });
});
