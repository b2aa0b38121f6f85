import { checkSettings, describeSettings, egressPolicy, secretsOf } from '#delivery';
import { conforms, slackProvider } from '#testing';
import { slack } from './index.js';

const [team, webhook, secret] = ['T00000000', 'B00000000', 'aBcDeFgHiJkLmNoPqRsTuVwX'];
const pasted = `https://hooks.slack.com/services/${team}/${webhook}/${secret}`;
const gov = pasted.replace('slack.com', 'slack-gov.com');
const policy = egressPolicy({ allow: [], forbidden: [], trusted: [] });
const check = (settings: Record<string, unknown>) => checkSettings(slack, { settings }, { allowHttp: false, policy });

conforms(slack, {
  // the suite sends hundreds of messages at once: limits have specs of their own
  provider: () => slackProvider({ limits: null }),
  settings: {
    given: (provider) => ({ url: provider.webhookUrl() }),
    secrets: ['url'],
    good: [{ url: pasted }, { url: gov }, { url: pasted.replace(team, 'T0123456789') }],
    bad: [
      pasted.replace('https', 'http'),
      pasted.replace('services', 'workflows'),
      pasted.replace('services', 'triggers'),
      pasted.replace('slack.com', 'slack.com.example.org'),
      pasted.replace('https://', 'https://hooks.slack.com@example.org/'),
      pasted.replace('hooks.slack.com', 'slack.com'),
      pasted.replace(webhook, 'X00000000'),
      pasted.replace(`/${webhook}`, ''),
      pasted.slice(0, -10),
      `${pasted}/`,
      `${pasted}?a=b`,
      `${pasted}\n`,
      ` ${pasted}`,
      pasted.toLowerCase(),
      'https://example.org',
      '',
      7,
    ].map((url): [string, Record<string, unknown>] => ['url', { url }]),
  },
});

describe('Slack settings', () => {
  const fault = (url: string) => {
    try {
      check({ url });
    } catch (error) {
      return (error as { errors: { path: string; message: string }[] }).errors;
    }
    return [];
  };

  it('say what a right URL looks like and where Slack shows it', () => {
    expect(fault('https://example.org')).toEqual([
      {
        path: 'settings.url',
        message: expect.stringMatching(/must look like https:\/\/hooks\.slack\.com\/services\/.*Webhook URL$/),
      },
    ]);
    expect(describeSettings(slack).settings.properties?.url).toMatchObject({
      secret: true,
      where: expect.stringMatching(/Incoming Webhooks/),
    });
  });

  it.each(['workflows', 'triggers'])('say of a URL of /%s/ what to make instead, without repeating it', (kind) => {
    const url = `${gov.replace('services', kind)}/6543210`;
    expect(fault(url)).toEqual([{ path: 'settings.url', message: expect.stringMatching(/workflow.*incoming webhook instead/) }]);
    expect(JSON.stringify(fault(url))).not.toContain(secret);
  });

  it('count by webhook, and tell nothing of its secret', () => {
    const { scope } = check({ url: pasted });
    const [limit, ...wider] = slack.limits!({ url: pasted });
    expect(check({ url: pasted.replace(secret, 'x'.repeat(24)) }).scope).toBe(scope);
    expect(check({ url: pasted.replace(webhook, 'B11111111') }).scope).not.toBe(scope);
    expect([limit, wider]).toEqual([
      { key: expect.stringMatching(/^slack\/webhook\/[0-9a-f]{32}$/), atOnce: 1, rates: [[1, 1000]] },
      [],
    ]);
    for (const part of secretsOf(slack, { url: pasted })) expect(`${scope} ${limit?.key}`).not.toContain(part);
  });

  it('do not let who only knows the ids of a webhook count as the webhook', () => {
    const guessed = slack.limits!({ url: pasted.replace(secret, 'x'.repeat(24)) });
    expect(guessed[0]?.key).not.toBe(slack.limits!({ url: pasted })[0]?.key);
  });
});
