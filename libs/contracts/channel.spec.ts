import { catalogue, channelCreateSchema, channelPatchSchema, faultsOf } from './index.js';

const channel = { name: 'Ops', type: 'discord', settings: { url: 'https://discord.example' } };
const paths = (more: object): string[] => {
  const parsed = channelCreateSchema.safeParse({ ...channel, ...more }, { reportInput: true });
  return parsed.success ? [] : faultsOf(parsed.error).map((fault) => fault.path);
};

describe('event patterns', () => {
  it.each([...catalogue.map((row) => row.type), 'job.*', 'printer.*', 'channel.*', 'queue.*', 'custom.*', 'custom.door'])(
    '%s',
    (pattern) => expect(paths({ events: [pattern] })).toEqual([]),
  );
  it.each(['*', 'job', 'job.', 'jobs.*', '*.failed', 'job.f*', 'job.finished', '.*', 'job.*.*', 'custom.', '', 5])(
    'not %j',
    (pattern) => expect(paths({ events: ['job.*', pattern] })).toEqual(['events[1]']),
  );
});

describe('a new channel', () => {
  it.each<[string, object, string[]]>([
    ['the least', {}, []],
    [
      'all there is',
      {
        enabled: false,
        organization: 'o',
        events: [],
        min_severity: 'error',
        printers: ['p'],
        tags: ['t'],
        expires_after_s: 60,
        retry: { mode: 'once', attempts: 1 },
        auto_disable: { failures: 5 },
      },
      [],
    ],
    ['nulls where none is meant', { organization: null, min_severity: null }, []],
    ['no name', { name: '' }, ['name']],
    ['a name over 300', { name: 'x'.repeat(301) }, ['name']],
    ['another type', { type: 'email' }, ['type']],
    ['no settings', { settings: undefined }, ['settings']],
    ['an unknown key', { colour: 1 }, ['colour']],
    ['an unknown retry', { retry: { mode: 'always', forever: true } }, ['retry.mode', 'retry.forever']],
    [
      'numbers out of bounds',
      { retry: { mode: 'backoff', attempts: 0 }, expires_after_s: 0, auto_disable: { failures: 0, window_h: 1000 } },
      ['retry.attempts', 'expires_after_s', 'auto_disable.failures', 'auto_disable.window_h'],
    ],
  ])('%s', (_, more, expected) => expect(paths(more)).toEqual(expected));
});

it('a patch may leave everything out, but changes neither type nor state', () => {
  expect(channelPatchSchema.safeParse({}).success).toBe(true);
  expect(channelPatchSchema.safeParse({ settings: { thread_id: null } }).success).toBe(true);
  for (const patch of [{ type: 'slack' }, { enabled: true }, { name: '' }])
    expect(channelPatchSchema.safeParse(patch).success).toBe(false);
});
