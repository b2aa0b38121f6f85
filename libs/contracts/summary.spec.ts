import { contentOf, limits } from './index.js';
import { eventOf, full } from './samples.js';

const summary = (data: Record<string, unknown>, type = 'channel.summary') => contentOf(eventOf(type, { data }));

describe('a summary', () => {
  it('says how many, of what with the gravest first, and which', () => {
    const types = { 'job.succeeded': 30, 'job.started': 4, 'detection.spaghetti': 1, 'job.failed': 1, 'custom.door': 1 };
    const lines = ['Spaghetti Detected: Vase (Mini)', 'Print Failed: Benchy (X1C)'];
    expect(summary({ count: 37, types, lines })).toEqual({
      title: '37 notifications in one message',
      message:
        '37 notifications: 1 × Spaghetti Detected, 1 × Print Failed, 30 × Print Complete, 4 × Print Started, 1 × custom.door.\n' +
        '• Spaghetti Detected: Vase (Mini)\n• Print Failed: Benchy (X1C)\n… and 35 more',
      advice: '',
      emoji: 'ℹ️',
      facts: [],
    });
  });

  it('of quiet hours says so', () => {
    const { title, message } = summary(full.data, 'channel.digest');
    expect([title, message]).toEqual([
      'Quiet Hours Digest: 7 notifications',
      '7 notifications during quiet hours: 2 × Print Failed, 5 × Print Complete.\n' +
        '• Print Failed: Benchy (X1C)\n• Print Complete: Vase (X1C)\n… and 5 more',
    ]);
  });

  it.each<[Record<string, unknown>, string, string]>([
    [{}, 'Several notifications in one message', 'Several notifications in one message.'],
    [{ count: 1 }, '1 notification in one message', '1 notification in one message.'],
    [{ types: { 'job.failed': 2 } }, '2 notifications in one message', '2 notifications: 2 × Print Failed.'],
    [{ lines: ['a\nb', ' ', 'c'] }, '2 notifications in one message', '2 notifications in one message.\n• a b\n• c'],
    [
      { count: Number.NaN, types: { 'job.failed': -1, 'job.started': '2' }, lines: [null, {}] },
      'Several notifications in one message',
      'Several notifications in one message.',
    ],
  ])('of %j makes the best of it', (data, title, message) => {
    expect(summary(data)).toMatchObject({ title, message });
  });

  it('names eight kinds and counts the others', () => {
    const types = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`custom.kind${i}`, 100 - i]));
    const { message } = summary({ types });
    expect(message.match(/×/g)).toHaveLength(8);
    expect(message).toMatch(/, 93 × custom\.kind7, 362 others\.$/);
    const nine = Object.fromEntries(Object.entries(types).slice(0, 9));
    expect(summary({ types: nine }).message).toMatch(/ 92 × custom\.kind8\.$/);
  });

  it('shows whole lines only, and counts what has no room', () => {
    const lines = Array.from({ length: 50 }, (_, i) => `${i}${'🖨'.repeat(490)}`);
    const types = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`custom.${`${i}`.padEnd(190, 'x')}`, 1]));
    const { message } = summary({ count: 80, types, lines });
    const shown = message.split('\n').slice(1);
    expect(shown.slice(0, -1)).toEqual(lines.slice(0, 12).map((line) => `• ${line}`));
    expect(shown.at(-1)).toBe('… and 68 more');
    expect([...message].length).toBeLessThan(limits.message);
  });
});
