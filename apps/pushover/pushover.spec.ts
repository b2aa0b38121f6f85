import { checkSettings, describeSettings, egressPolicy } from '#delivery';
import { conforms, pushoverProvider } from '#testing';
import { pushover } from './index.js';
import { keys } from './samples.js';

const policy = egressPolicy({ allow: [], forbidden: [], trusted: [] });

conforms(pushover, {
  // limits have specs of their own
  provider: () => pushoverProvider({ limits: null }),
  settings: {
    given: (provider) => ({
      app_token: provider.appToken(),
      user_key: provider.userKey({ devices: ['iphone', 'nexus5'] }),
      device: 'iphone,nexus5',
      priority: 'auto',
      sound: 'siren',
    }),
    secrets: ['app_token', 'user_key'],
    good: [
      { device: null, priority: null, sound: null },
      { device: 'a'.repeat(25) },
      { priority: -2 },
      { priority: 2, retry_s: 30, expire_s: 10_800 },
      { sound: 'my_own-1' },
    ],
    bad: [
      ['app_token', { app_token: 'a'.repeat(29) }],
      ['app_token', { app_token: `${'a'.repeat(29)}-` }],
      ['app_token', { app_token: `${'a'.repeat(30)}\n` }],
      ['app_token', { app_token: 7 }],
      ['user_key', { user_key: 'someone@pomail.net' }],
      ['user_key', { user_key: 'u'.repeat(31) }],
      ['user_key', { app_token: 'x'.repeat(30), user_key: 'x'.repeat(30) }],
      ['device', { device: 'a'.repeat(26) }],
      ['device', { device: 'iphone, nexus5' }],
      ['device', { device: 'iphone,' }],
      ['device', { device: '' }],
      ['device', { device: Array(50).fill('a'.repeat(25)).join(',') }],
      ['priority', { priority: 3 }],
      ['priority', { priority: 0.5 }],
      ['priority', { priority: '1' }],
      ['priority', { priority: 'high' }],
      ['retry_s', { retry_s: 29 }],
      ['retry_s', { retry_s: 60.5 }],
      ['retry_s', { retry_s: '60' }],
      ['expire_s', { expire_s: 10_801 }],
      ['expire_s', { expire_s: 0 }],
      ['sound', { sound: 'a siren' }],
      ['sound', { sound: '' }],
    ],
  },
});

describe('Pushover settings', () => {
  const check = (settings: Record<string, unknown>) => checkSettings(pushover, { settings }, { allowHttp: false, policy });

  it('have the defaults that are promised', () => {
    expect(check(keys).settings).toEqual({ ...keys, priority: 0, retry_s: 60, expire_s: 3600 });
  });

  it('say what a right value looks like and where Pushover shows it', () => {
    expect(() => check({ ...keys, app_token: 'short', device: 'my phone' })).toThrow(
      expect.objectContaining({
        errors: [
          {
            path: 'settings.app_token',
            message: expect.stringMatching(/30 letters and digits.*Your Applications.*API Token\/Key/),
          },
          { path: 'settings.device', message: expect.stringMatching(/iphone,nexus5.*Your Devices/) },
        ],
      }),
    );
    const { properties } = describeSettings(pushover).settings;
    expect(properties).toMatchObject({
      user_key: { secret: true, where: expect.stringMatching(/Your User Key/) },
      retry_s: { default: 60, minimum: 30 },
    });
  });

  it('all count in one lane; within it each application by itself, under a name that shows no token', () => {
    const other = { ...keys, app_token: 'z'.repeat(30) };
    expect([check(keys).scope, check(other).scope]).toEqual(['pushover', 'pushover']);
    const [own, all] = pushover.limits!(check(keys).settings as never);
    expect(own?.key).toMatch(/^pushover\/app\/[0-9a-f]{16}$/);
    expect(all).toEqual({ key: 'pushover', atOnce: 2 });
    expect(pushover.limits!(check(other).settings as never)[0]?.key).not.toBe(own?.key);
    expect(JSON.stringify([own, all])).not.toContain(keys.app_token.slice(0, 6));
  });

  it('wait 5 s at least before a second try', () => {
    expect(pushover.retry).toEqual({ mode: 'backoff', schedule: [0, 5, 60, 300, 1800], expiresAfterS: 3600 });
  });
});
