import { checkSettings, describeSettings } from '#delivery';
import { conforms, discordProvider } from '#testing';
import { pasted, policy } from './harness.js';
import { discord } from './index.js';

const id = '1234567890123456789';

conforms(discord, {
  // the suite sends hundreds of messages at once: limits have specs of their own
  provider: () => discordProvider({ limits: null }),
  settings: {
    given: (provider) => ({ url: provider.webhookUrl(), username: 'Print Farm', avatar_url: 'https://example.org/a.png' }),
    secrets: ['url'],
    good: [
      { url: `${pasted}/` },
      { url: `${pasted}?thread_id=${id}` },
      { url: pasted.replace('discord.com/api', 'canary.discordapp.com/api/v9') },
      { thread_id: '1234567890123456' },
      { username: null, avatar_url: null },
      { username: '🚀'.repeat(80) },
    ],
    bad: [
      ...[
        `${pasted}/slack`,
        `${pasted}/github`,
        `${pasted}?wait=true`,
        `${pasted}\n`,
        pasted.replace('https', 'http'),
        pasted.replace('discord.com', 'discord.com.example.org'),
        pasted.replace('https://', 'https://discord.com@example.org/'),
        pasted.replace(id, '123'),
        pasted.slice(0, -20),
        'https://example.org',
        '',
        7,
      ].map((url): [string, Record<string, unknown>] => ['url', { url }]),
      ['thread_id', { thread_id: 'general' }],
      ['thread_id', { thread_id: 1234567890123456 }],
      ['username', { username: 'Clyde the printer' }],
      ['username', { username: 'DISCORD' }],
      ['username', { username: ' ' }],
      ['username', { username: 'a'.repeat(81) }],
      ['avatar_url', { avatar_url: 'http://example.org/a.png' }],
      ['avatar_url', { avatar_url: 'https://octopi/a.png' }],
      ['avatar_url', { avatar_url: 'no url' }],
    ],
  },
});

describe('Discord settings', () => {
  const check = (settings: Record<string, unknown>) => checkSettings(discord, { settings }, { allowHttp: false, policy });

  it('say what a right URL looks like and where Discord shows it', () => {
    expect(() => check({ url: 'https://example.org' })).toThrow(
      expect.objectContaining({
        errors: [
          { path: 'settings.url', message: expect.stringMatching(/must look like https:\/\/discord\.com.*Copy Webhook URL/) },
        ],
      }),
    );
    expect(describeSettings(discord).settings.properties?.url).toMatchObject({
      secret: true,
      where: expect.stringMatching(/Integrations/),
    });
  });

  it("count by webhook, whatever the URL's form", () => {
    for (const url of [pasted, `${pasted}/`, pasted.replace('discord.com/api', 'ptb.discordapp.com/api/v9')])
      expect([check({ url }).scope, discord.limits?.({ url })[0]?.key]).toEqual([id, `discord/webhook/${id}`]);
  });
});
