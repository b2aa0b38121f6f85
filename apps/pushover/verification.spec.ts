import { createHttp, egressPolicy } from '#delivery';
import { type PushoverProvider, pushoverProvider } from '#testing';
import { pushover } from './index.js';
import { chosen } from './samples.js';

const policy = egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] });

describe('Pushover settings, asked for at Pushover', () => {
  let provider: PushoverProvider;
  let right: { app_token: string; user_key: string };
  const http = createHttp({ policy, userAgent: 'Farmbell/test', connections: 1 });
  beforeEach(async () => {
    provider = await pushoverProvider();
    right = {
      app_token: provider.appToken({ sounds: { doorbell: 'Our doorbell' } }),
      user_key: provider.userKey({ devices: ['iphone', 'Nexus5'] }),
    };
  });
  afterEach(() => provider.close());
  afterAll(() => http.close());
  const verify = (given: object = {}, origin = provider.origin) =>
    pushover.verify!(chosen({ ...right, ...given }), { http, origin });

  it('are fine, and nobody gets a message for it', async () => {
    for (const given of [{}, { device: 'iphone,nexus5' }, { sound: 'siren' }, { sound: 'doorbell' }])
      expect(await verify(given)).toEqual([]);
    expect(provider.messages).toEqual([]);
  });

  it('are fine for a group, which has no devices of its own', async () => {
    expect(await verify({ user_key: provider.userKey({ members: 3 }), device: 'anything' })).toEqual([]);
  });

  it.each([
    ['app_token', { app_token: 'a'.repeat(30) }, /application token is invalid.*Your Applications.*API Token\/Key/],
    ['user_key', { user_key: 'u'.repeat(30) }, /user key is invalid.*Your User Key/],
    ['device', { device: 'iphone,pixel,ipad' }, /named pixel, ipad: this user's are iphone, Nexus5.*Your Devices/],
    ['sound', { sound: 'foghorn' }, /must be one of pushover, .*, doorbell.*Your Custom Sounds/],
  ])('are wrong in %s', async (path, given, message) => {
    const faults = await verify(given);
    expect(faults).toEqual([[path, expect.stringMatching(message)]]);
    for (const secret of Object.values({ ...right, ...given }))
      if (secret.length === 30) expect(JSON.stringify(faults)).not.toContain(secret);
  });

  it.each([
    ['503', { status: 503, body: 'down' }, /HTTP 503/],
    ['a block', { status: 403, body: '<html>' }, /HTTP 403/],
    ['429', { status: 429, body: '{"status":0,"token":"invalid"}' }, /HTTP 429/],
  ])('cannot be checked at %s, which is said', async (_, answer, message) => {
    provider.answerNext(answer);
    expect(await verify()).toEqual([['app_token', expect.stringMatching(message)]]);
  });

  it('cannot be checked where nobody answers, which is said without a key', async () => {
    const faults = await verify({}, 'http://127.0.0.1:1');
    expect(faults).toEqual([['app_token', expect.stringMatching(/could not be checked.*127\.0\.0\.1:1/)]]);
    expect(JSON.stringify(faults)).not.toContain(right.app_token);
  });

  it('have a sound that could not be checked', async () => {
    provider.answerNext({ status: 200, body: { status: 1, group: 0, devices: ['iphone'] } }, { status: 500 });
    expect(await verify({ sound: 'foghorn' })).toEqual([['sound', expect.stringMatching(/could not be checked.*HTTP 500/)]]);
  });
});
