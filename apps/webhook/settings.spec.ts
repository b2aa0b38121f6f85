import type { Problem } from '#contracts';
import { checkSettings, describeSettings, egressPolicy } from '#delivery';
import { formatNames } from './formats/index.js';
import { webhook } from './index.js';

const policy = egressPolicy({ allow: [], forbidden: [], trusted: [] });
const url = 'https://hooks.example.org/';
const check = (settings: Record<string, unknown>, known?: Record<string, unknown>, rotate = false) =>
  checkSettings(webhook, { settings: known ? settings : { url, ...settings }, known, rotate }, { allowHttp: false, policy });
const faultsOf = (call: () => unknown): [path: string, message: string][] => {
  try {
    call();
  } catch (error) {
    return ((error as Problem).errors ?? []).map(({ path, message }) => [path, message]);
  }
  return [];
};

describe('what a format presets', () => {
  it.each([
    ['farmbell', '2xx', 'backoff', 8, true],
    ['cloudevents', '2xx', 'backoff', 8, true],
    ['printago', '2xx', 'once', 8, true],
    ['simplyprint', '2xx', 'backoff', 8, false],
    ['odin', '2xx', 'once', 8, false],
    ['octoeverywhere', '200', 'backoff', 8, false],
  ])('%s: success %s, mode %s', (format, success, mode, attempts, key) => {
    const { settings, shown, defaults, generated } = check({ format });
    expect(settings).toMatchObject({ success, timeout_s: 10 });
    expect(shown).toMatchObject({ format, success, timeout_s: 10, signing_secret: '********' });
    expect(defaults).toMatchObject({ retry: { mode, attempts }, expires_after_s: 48 * 3600 });
    expect(Object.keys(generated).sort()).toEqual(key ? ['api_key', 'signing_secret'] : ['signing_secret']);
    expect('api_key' in settings).toBe(key);
  });

  it('is tried for every format', () => expect(formatNames).toHaveLength(6));

  it('may be changed, and stays so', () => {
    const changed = check({ format: 'octoeverywhere', success: '2xx' });
    expect(changed.settings.success).toBe('2xx');
    expect(check({ timeout_s: 5 }, changed.settings).settings).toMatchObject({ success: '2xx', timeout_s: 5 });
    expect(check({ success: null }, changed.settings).settings.success).toBe('200');
  });

  it('follows the format where nobody has chosen otherwise', () => {
    const { settings, defaultsBefore, defaults } = check({ format: 'octoeverywhere' }, check({}).settings);
    expect(settings).toMatchObject({ format: 'octoeverywhere', success: '200', timeout_s: 10 });
    expect([defaultsBefore?.retry.mode, defaults.retry.mode]).toEqual(['backoff', 'backoff']);
    expect(check({ format: 'farmbell' }, settings).settings.success).toBe('2xx');
    const odin = check({ format: 'odin' }, settings);
    expect([odin.settings.success, odin.defaultsBefore?.retry.mode, odin.defaults.retry.mode]).toEqual([
      '2xx',
      'backoff',
      'once',
    ]);
    expect(check({}).defaultsBefore).toBeUndefined();
  });

  it.each([
    ['what was chosen', { format: 'farmbell', success: '200' }, { format: 'printago' }, '200'],
    ['what was chosen', { format: 'octoeverywhere', success: '2xx' }, { format: 'farmbell' }, '2xx'],
    ['what is given with it', { format: 'farmbell' }, { format: 'octoeverywhere', success: '2xx' }, '2xx'],
    [
      'the preset when the chosen is taken back',
      { format: 'odin', success: '200' },
      { format: 'farmbell', success: null },
      '2xx',
    ],
  ])('is %s: %j, then %j', (_, before, patch, success) => {
    expect(check(patch, check(before).settings).settings.success).toBe(success);
  });

  it('leaves a key where it is, which nobody could be shown again', () => {
    const before = check({});
    const { settings, generated } = check({ format: 'odin' }, before.settings);
    expect([settings.api_key, generated]).toEqual([before.settings.api_key, {}]);
  });

  it('comes with a key when the format that is changed to has one, and with a given one anyway', () => {
    const odin = check({ format: 'odin' });
    expect(check({ format: 'printago' }, odin.settings).generated.api_key).toMatch(/^[\w-]{43}$/);
    const api_key = 'k'.repeat(32);
    expect(check({ format: 'odin', api_key }).settings.api_key).toBe(api_key);
  });

  it('does not stand against a person who asks for a new key', () => {
    const odin = check({ format: 'odin' });
    const { settings, generated } = check({}, odin.settings, true);
    expect(generated).toEqual({ api_key: settings.api_key });
  });
});

describe("the vendor's secret", () => {
  it.each([
    ['simplyprint', 's'],
    ['simplyprint', 'a secret with blanks!'],
    ['simplyprint', 'x'.repeat(128)],
    ['octoeverywhere', '🔑'.repeat(128)],
  ])('of %s may be %j', (format, secret) => {
    const { settings, shown, generated } = check({ format, secret });
    expect(settings.secret).toBe(secret);
    expect(shown.secret).toBe('********');
    expect(generated).not.toHaveProperty('secret');
  });

  it.each([
    ['simplyprint', 'x'.repeat(129), /longer than 128/],
    ['octoeverywhere', '🔑'.repeat(129), /longer than 128/],
    ['octoeverywhere', '', /leave it out to send none/],
    ['simplyprint', 'clé', /printable ASCII.*SimplyPrint sends it as a header/],
    ['simplyprint', 'a\r\nX-Evil: 1', /printable ASCII/],
    ['simplyprint', ' padded', /printable ASCII/],
    ['farmbell', 'x', /formats simplyprint and octoeverywhere, and this channel's is farmbell: set it to null/],
    ['odin', 'x', /this channel's is odin/],
    ['printago', 'x', /this channel's is printago/],
    ['cloudevents', 'x', /this channel's is cloudevents/],
  ])('of %s may not be %j', (format, secret, message) => {
    expect(faultsOf(() => check({ format, secret }))).toEqual([['settings.secret', expect.stringMatching(message)]]);
  });

  it('must be taken out when the format changes to one without', () => {
    const known = check({ format: 'simplyprint', secret: 's3cret' }).settings;
    expect(faultsOf(() => check({ format: 'odin' }, known))).toEqual([
      ['settings.secret', expect.stringMatching(/set it to null/)],
    ]);
    expect(check({ format: 'odin', secret: null }, known).settings).not.toHaveProperty('secret');
    expect(check({ format: 'octoeverywhere' }, known).settings.secret).toBe('s3cret');
  });

  it.each(['X-SP-Token', 'x-sp-secret'])('is not given as the header %s as well', (name) => {
    expect(faultsOf(() => check({ format: 'simplyprint', headers: { [name]: 'x' } }))).toEqual([
      [`settings.headers.${name}`, expect.stringMatching(/`secret`/)],
    ]);
    expect(faultsOf(() => check({ headers: { [name]: 'x' } }))).toEqual([]);
  });

  it('is described, with where it is to be found', () => {
    const { properties } = describeSettings(webhook).settings as { properties: Record<string, Record<string, unknown>> };
    expect(properties.secret).toMatchObject({ secret: true, where: expect.stringMatching(/SimplyPrint.*OctoEverywhere/) });
    expect(properties.format).toMatchObject({ default: 'farmbell', enum: formatNames });
    expect(properties.success).toMatchObject({
      enum: expect.arrayContaining(['2xx', '200']),
      description: expect.stringMatching(/octoeverywhere/),
    });
  });
});
