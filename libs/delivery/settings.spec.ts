import { z } from 'zod';
import { type Problem, text } from '#contracts';
import { channel } from './channel.js';
import { egressPolicy } from './http/index.js';
import { checkSettings, describeSettings, MASK, secretsOf, shownOf } from './settings.js';

const where = 'The app shows it under Keys';
const probe = channel({
  type: 'webhook',
  chat: false,
  origin: '',
  settings: z.strictObject({
    url: text(200).meta({ masksQuery: true }),
    token: text(200).min(8, 'must have at least 8 characters').meta({ secret: true, where }),
    hook: text(200).optional().meta({ secret: true }),
    extras: z.record(z.string(), text(50)).optional().meta({ secret: true }),
    level: z.enum(['low', 'high']).default('low'),
    made: z.string().optional().meta({ secret: true }),
    note: text(50).optional(),
  }),
  check: (given) => (given.note === 'bad' ? [['note', 'must be good']] : []),
  generate: (given, rotate) => (rotate || !given.made ? { made: rotate ? 'made-anew-2' : 'made-first-1' } : {}),
  scope: ({ url }) => url.length.toString(),
  retry: { mode: 'once', schedule: [0, 5], expiresAfterS: 60 },
  render: () => null,
  send: () => Promise.reject(new Error('not here')),
});

const context = { allowHttp: false, policy: egressPolicy({ allow: [], forbidden: [], trusted: [] }) };
const check = (settings: Record<string, unknown>, known?: Record<string, unknown>, rotate?: boolean) =>
  checkSettings(probe, { settings, known, rotate }, context);
function faults(...args: Parameters<typeof check>): unknown {
  try {
    check(...args);
  } catch (error) {
    return (error as Problem).errors?.map(({ path, message }) => [path, message]);
  }
  return 'taken';
}
const good = { url: 'https://x.example/h?key=abc123&n=1', token: 'token-12345' };

describe('settings that are given', () => {
  it('are completed with defaults and with what is made here', () => {
    expect(check(good)).toEqual({
      settings: { ...good, level: 'low', made: 'made-first-1' },
      shown: { url: `https://x.example/h?key=${MASK}&n=${MASK}`, token: MASK, level: 'low', made: MASK },
      generated: { made: 'made-first-1' },
      scope: '34',
      defaults: { retry: { mode: 'once', attempts: 2 }, expires_after_s: 60, progress: 'post', progress_every: null },
      edits: false,
    });
  });

  it('are refused with the path of each fault, and where to find the right value', () => {
    expect(faults({ ...good, token: 'short' })).toEqual([['settings.token', `must have at least 8 characters. ${where}`]]);
    expect(faults({ url: good.url })).toEqual([['settings.token', `is required. ${where}`]]);
    expect(faults({ ...good, levl: 1 })).toEqual([['settings.levl', 'is not a known key']]);
    expect(faults({ ...good, note: 'bad' })).toEqual([['settings.note', 'must be good']]);
    expect(faults({ ...good, extras: { a: 1 } })).toEqual([['settings.extras.a', expect.stringMatching(/string/)]]);
    expect(faults({ ...good, level: 'mid', note: 7 })).toHaveLength(2);
  });
});

describe('settings that change', () => {
  const known = check({ ...good, hook: 'https://x.example/hook', extras: { a: 'one' }, note: 'old' }).settings;

  it('are laid over what is known; null takes one out', () => {
    expect(check({ note: null, level: 'high' }, known).settings).toEqual({
      ...Object.fromEntries(Object.entries(known).filter(([key]) => key !== 'note')),
      level: 'high',
    });
    expect(faults({ token: null }, known)).toEqual([['settings.token', `is required. ${where}`]]);
  });

  it('keep what is given back as it was shown', () => {
    expect(check(shownOf(probe, known), known)).toMatchObject({ settings: known, generated: {} });
  });

  it('do not take a mask for a value', () => {
    const hidden = expect.stringMatching(/holds \*{8}/);
    expect(faults({ ...good, token: MASK })).toEqual([['settings.token', hidden]]);
    expect(faults({ url: `https://other.example/?key=${MASK}&n=${MASK}` }, known)).toEqual([['settings.url', hidden]]);
    expect(faults({ extras: { a: MASK, b: 'two' } }, known)).toEqual([['settings.extras', hidden]]);
    expect(check({ note: `${MASK} is my note` }, known).settings.note).toBe(`${MASK} is my note`);
  });

  it('make a secret anew only when asked', () => {
    expect(check({ ...good, made: 'my-own-made' }).generated).toEqual({});
    expect(check({}, known, true)).toMatchObject({ generated: { made: 'made-anew-2' }, settings: { made: 'made-anew-2' } });
  });
});

describe('secrets', () => {
  const token = 'aB3_-'.repeat(12);

  it('are each marked value, and what a URL hides in its query', () => {
    const secrets = secretsOf(probe, { ...good, extras: { a: 'one', b: 'Bearer two-2-two' }, made: 'made' });
    expect(secrets.sort()).toEqual(
      ['Bearer two-2-two', 'two-2-two', 'abc123', '1', 'key=abc123&n=1', 'made', 'one', 'token-12345'].sort(),
    );
  });

  it('are the parts of a secret URL too, as it is not called as it was given', () => {
    const secrets = secretsOf(probe, { hook: `https://x.example/api/v6/1234567890123456/${token}?thread=secret-query` });
    expect(secrets).toEqual(expect.arrayContaining([token, 'secret-query', `/api/v6/1234567890123456/${token}`]));
    expect(secrets).not.toContain('api');
  });

  it('are none where nothing is set', () => {
    expect(secretsOf(probe, { url: 'https://x.example/h', level: 'low' })).toEqual([]);
  });
});

describe('the description of settings', () => {
  it('is JSON Schema of what is given: required, defaults, secrets and where to find them', () => {
    const { type, settings } = describeSettings(probe);
    expect([type, settings.type, settings.additionalProperties, settings.required]).toEqual([
      'webhook',
      'object',
      false,
      ['url', 'token'],
    ]);
    expect(settings.properties).toMatchObject({
      token: { type: 'string', secret: true, where },
      level: { enum: ['low', 'high'], default: 'low' },
      extras: { type: 'object', secret: true },
    });
    expect(settings.properties?.note).not.toHaveProperty('secret');
  });
});
