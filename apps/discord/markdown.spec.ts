import fc from 'fast-check';
import { escaped, fitted, isVisible } from './markdown.js';

describe("text in Discord's markdown", () => {
  it.each([
    ['benchy_v2_final.gcode', 'benchy\\_v2\\_final.gcode'],
    ['**bold** ~~gone~~ ||spoiler|| `code`', '\\*\\*bold\\*\\* \\~\\~gone\\~\\~ \\|\\|spoiler\\|\\| \\`code\\`'],
    ['C:\\prints\\a', 'C:\\\\prints\\\\a'],
    ['<@80351110224678912> <@&1> <#2> <t:1> <:e:1> </a:1>', '\\<@80351110224678912> \\<@&1> \\<#2> \\<t:1> \\<:e:1> \\</a:1>'],
    ['# 142\n## a\n  > quoted\n-# small', '\\# 142\n\\## a\n  \\> quoted\n-\\# small'],
    ['[the farm](https://evil.example)', '\\[the farm](https://evil.example)'],
  ])('%j reads as it stands', (text, inMarkdown) => {
    expect(escaped(text)).toBe(inMarkdown);
  });

  it.each([
    'Job #142 completed on X1C after 1h 23m.',
    '#142 > 3 - 5 < 6 (PETG) [room 2] 40 % @everyone',
    'see https://farm.example.org/jobs/a_b_c?x=*1* there',
    'http://octopi:5000/?file=a_b',
    '- Print Failed: Benchy\n- Print Failed: Vase',
  ])('%j needs no escape', (text) => {
    expect(escaped(text)).toBe(text);
  });

  it('says the same once it is rendered, whatever it is', () => {
    // a backslash takes the meaning of the sign behind it; in an address it is a part of it
    const rendered = (text: string) =>
      text.replace(/https?:\/\/[^\s<]+|\\([^0-9A-Za-z\s])/gi, (whole, sign?: string) => sign ?? whole);
    const texts = fc.string({ unit: fc.constantFrom(...'ab_*`|~\\<>@#[]()-:/ \nhttps', 'https://x.y/', '🚀') });
    fc.assert(fc.property(texts, (text) => expect(rendered(escaped(text))).toBe(text)));
  });

  it('is cut before it is escaped, and holds its limit', () => {
    expect(fitted('_'.repeat(10), 20)).toBe('\\_'.repeat(10));
    expect(fitted('_'.repeat(11), 20)).toBe(`${'\\_'.repeat(9)}…`);
    expect(fitted('🚀'.repeat(11), 20)).toBe(`${'🚀'.repeat(9)}…`);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, most) => {
        const shown = fitted(text, most);
        expect([shown.length <= most, shown.isWellFormed(), /(^|[^\\])(\\\\)*\\$/.test(shown)]).toEqual([true, true, false]);
      }),
    );
  });

  it('knows what nobody can see', () => {
    expect(['', ' \n', '\u200b\u2060\ufeff', '\u0001\u007f\u001f'].map(isVisible)).toEqual([false, false, false, false]);
    expect(['a', '🚀', '\u202eש', '-'].map(isVisible)).toEqual([true, true, true, true]);
  });
});
