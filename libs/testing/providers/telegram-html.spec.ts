import { parseHtml } from './telegram-html.js';

const read = (html: string) => {
  const { text, entities } = parseHtml(html);
  return [
    text,
    ...entities.map(({ type, offset, length, url }) => [type, text.slice(offset, offset + length), url].filter(Boolean)),
  ];
};

describe("Telegram's HTML", () => {
  it('marks what its tags enclose, counted in UTF-16 units', () => {
    expect(read('🚀 <b>é <i>x</i></b> <code>y</code>')).toEqual(['🚀 é x y', ['bold', 'é x'], ['italic', 'x'], ['code', 'y']]);
    expect(
      read('<STRONG>a</strong><em>b</EM><s>c</s><u>d</u><span class="tg-spoiler">e</span><tg-spoiler>f</tg-spoiler>'),
    ).toEqual([
      'abcdef',
      ['bold', 'a'],
      ['italic', 'b'],
      ['strikethrough', 'c'],
      ['underline', 'd'],
      ['spoiler', 'e'],
      ['spoiler', 'f'],
    ]);
    expect(read('<b></b>a<b>b</>')).toEqual(['ab', ['bold', 'b']]);
  });

  it('links to what has a host with a full stop, and drops other addresses without a word', () => {
    expect(read('<a href="https://x.example/?a=1&amp;b=2">Open</a>')).toEqual([
      'Open',
      ['text_link', 'Open', 'https://x.example/?a=1&b=2'],
    ]);
    expect(read("<a href='http://192.168.1.2:5000/'>Open</a>")).toEqual([
      'Open',
      ['text_link', 'Open', 'http://192.168.1.2:5000/'],
    ]);
    for (const href of ['http://octopi:5000/', 'ftp://x.example/', 'javascript:alert(1)', ''])
      expect(read(`<a href="${href}">Open</a>`)).toEqual(['Open']);
  });

  it('knows four names and all numbers of characters, with or without a semicolon', () => {
    expect(read('&lt;b&gt; &amp;amp; &quot; &#60;&#x3C; &#128640; &lt')).toEqual(['<b> &amp; " << 🚀 <']);
    expect(read('&nbsp; &apos; &#0; & &; &#;')).toEqual(['&nbsp; &apos; &#0; & &; &#;']);
  });

  it.each([
    ['a <b', 'Unclosed start tag at byte offset 2'],
    ['a < b', 'Unsupported start tag "" at byte offset 2'],
    ['🚀<x>', 'Unsupported start tag "x" at byte offset 4'],
    ['é<script>', 'Unsupported start tag "script" at byte offset 2'],
    ['<br>', 'Unsupported start tag "br" at byte offset 0'],
    ['<b>a', 'Can\'t find end tag corresponding to start tag "b"'],
    ['a</b>', 'Unexpected end tag at byte offset 1'],
    ['<b>a</i>', 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'],
    ['<b>a</b', 'Unclosed end tag at byte offset 4'],
    ['<a href>x</a>', 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'],
    ['<a href=x/y>z</a>', 'Unexpected end of name token at byte offset 8'],
    ['<a href="x>y</a>', 'Unclosed start tag at byte offset 0'],
    ['<a ="x">y</a>', 'Empty attribute name in the tag "a" at byte offset 0'],
    ['<span class="x">y</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
  ])('refuses %s', (html, message) => {
    expect(() => parseHtml(html)).toThrow(message);
  });
});
