import { type SlackOptions, type SlackProvider, slackProvider } from './slack.js';

let slack: SlackProvider;
afterEach(() => slack?.close());

const start = async (options: SlackOptions = { limits: null }) => {
  slack = await slackProvider(options);
  return slack.webhookUrl();
};
async function post(url: string, body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) {
  const response = await fetch(slack.origin + new URL(url).pathname, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers,
  });
  return [response.status, await response.text(), response.headers.get('content-type')];
}
const html = 'text/html';
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });
const section = (text: string) => ({ type: 'section', text: mrkdwn(text) });
const image = (image_url: string) => ({ type: 'image', image_url, alt_text: 'Snapshot' });

describe('the local Slack', () => {
  it('answers ok as HTML, and shows what was written', async () => {
    const url = await start();
    const blocks = [section('*a*')];
    expect(await post(url, { text: 'a', blocks, unfurl_links: false, unfurl_media: false })).toEqual([200, 'ok', html]);
    expect(slack.messages).toEqual([{ webhook: url, text: 'a', blocks, pings: [] }]);
  });

  it('knows its workspace, its webhooks and their secrets', async () => {
    const url = await start();
    const other = (part: number, value: string) =>
      url
        .split('/')
        .map((one, at) => (at === part ? value : one))
        .join('/');
    const say = async (at: string) => (await post(at, { text: 'a' })).slice(0, 2);
    expect(await say(other(4, 'T00000000'))).toEqual([404, 'no_team']);
    expect(await say(other(5, 'B00000000'))).toEqual([404, 'no_service']);
    expect(await say(other(6, 'x'.repeat(24)))).toEqual([403, 'invalid_token']);
    expect(await say(other(3, 'workflows'))).toEqual([404, 'no_service']);
    slack.says(url, 'channel_is_archived');
    expect(await say(url)).toEqual([410, 'channel_is_archived']);
    slack.says(url, null);
    expect(await say(url)).toEqual([200, 'ok']);
    expect(new URL(slack.webhookUrl({ gov: true })).host).toBe('hooks.slack-gov.com');
  });

  it.each<[string, unknown]>([
    ['invalid_payload', '{'],
    ['invalid_payload', '[]'],
    ['invalid_payload', { text: 'a', colour: 'red' }],
    ['invalid_payload', { text: 'a', username: 'Farm' }],
    ['invalid_payload', { text: 'a', icon_emoji: ':ghost:' }],
    ['channel_not_found', { text: 'a', channel: '#farm' }],
    ['no_text', {}],
    ['no_text', { blocks: [section('a')] }],
    ['invalid_payload', { text: ' ' }],
    ['invalid_payload', { text: 'a'.repeat(4001) }],
    ['invalid_payload', { text: 'a < b' }],
    ['invalid_payload', { text: 'a & b' }],
    ['invalid_payload', { text: '<b>a</b>' }],
    ['invalid_payload', { text: 'a&am…' }],
    ['too_many_attachments', { text: 'a', attachments: Array(101).fill({}) }],
  ])('refuses with %s what it cannot show: %j', async (word, body) => {
    const [status, says, type] = await post(await start(), body);
    expect([says, type, slack.messages]).toEqual([word, html, []]);
    expect(status).toBe(word === 'channel_not_found' ? 404 : 400);
  });

  it.each<[string, unknown[]]>([
    ['too many', Array(51).fill({ type: 'divider' })],
    ['of no known type', [{ type: 'constructor' }]],
    ['null', [null]],
    ['too long', [section('a'.repeat(3001))]],
    ['empty', [section('')]],
    ['blank', [section(' \n')]],
    ['a section of nothing', [{ type: 'section' }]],
    ['a section of no fields', [{ type: 'section', fields: [] }]],
    ['too many fields', [{ type: 'section', fields: Array(11).fill(mrkdwn('a')) }]],
    ['a field too long', [{ type: 'section', fields: [mrkdwn('a'.repeat(2001))] }]],
    ['a header of markup', [{ type: 'header', text: mrkdwn('a') }]],
    ['a header too long', [{ type: 'header', text: { type: 'plain_text', text: 'a'.repeat(151) } }]],
    ['too much context', [{ type: 'context', elements: Array(11).fill(mrkdwn('a')) }]],
    ['a picture without words', [{ type: 'image', image_url: 'https://x.example/a.png' }]],
    ['half a link', [section('<https://x.example|a')]],
    ['a raw ampersand in a link', [section('<https://x.example/?a&b|a>')]],
    ['half a date', [section('<!date^1^{time}>')]],
    ['a key that is none', [{ ...section('a'), colour: 'red' }]],
    ['too long in all', Array(5).fill(section('a'.repeat(2500)))],
  ])('refuses blocks that are %s', async (_, blocks) => {
    expect(await post(await start(), { text: 'a', blocks })).toEqual([400, 'invalid_blocks', html]);
  });

  it('takes what is just within the limits, and its own markup', async () => {
    const url = await start();
    for (const blocks of [
      Array(50).fill({ type: 'divider' }),
      [section('a'.repeat(3000)), { type: 'header', text: { type: 'plain_text', text: 'a'.repeat(150) } }],
      [{ type: 'section', fields: Array(5).fill(mrkdwn('a'.repeat(2000))) }],
      [section('&lt;b&gt; &amp; <https://x.example/?a&amp;b|a> <!date^1700000000^{date} at {time}|then> <mailto:a@b.example>')],
    ])
      expect((await post(url, { text: 'a'.repeat(4000), blocks })).slice(0, 2)).toEqual([200, 'ok']);
  });

  it('takes JSON alone, by POST alone', async () => {
    const url = await start();
    expect((await post(url, 'payload=%7B%7D', { 'content-type': 'application/x-www-form-urlencoded' }))[1]).toBe(
      'invalid_payload',
    );
    expect((await fetch(slack.origin + new URL(url).pathname)).status).toBe(400);
  });

  it.each([
    'http://127.0.0.1/a.jpg',
    'https://192.168.1.20/a.jpg',
    'https://[fd00::1]/a.jpg',
    'https://octopi/a.jpg',
    'https://octopi.local/a.jpg',
    'attachment://a.jpg',
  ])('cannot fetch the picture at %s', async (address) => {
    expect((await post(await start(), { text: 'a', blocks: [image(address)] }))[1]).toBe('invalid_blocks');
  });

  it('fetches pictures from the internet, unless a test knows better', async () => {
    const body = { text: 'a', blocks: [image('https://farm.example.org/a.jpg')] };
    expect((await post(await start(), body))[1]).toBe('ok');
    await slack.close();
    expect((await post(await start({ limits: null, fetches: () => false }), body))[1]).toBe('invalid_blocks');
  });

  it('says whom a message pings: who is marked, and in texts that are not verbatim who is named', async () => {
    const url = await start();
    const blocks = [section('<@U024BE7LH> @here'), { type: 'section', text: { type: 'mrkdwn', text: '@here' } }];
    await post(url, { text: '<!channel> &lt;!here&gt; @everyone', blocks });
    expect(slack.messages.at(-1)?.pings).toEqual(['<!channel>', '<@U024BE7LH>', '@here']);
  });
});

describe('its limits', () => {
  it('are one message a second after a short burst, of each webhook; who exceeds them waits 30 s', async () => {
    let now = 1_000_000;
    const url = await start({ now: () => now });
    const other = slack.webhookUrl();
    const status = async (at = url) => (await post(at, { text: 'a' }))[0];
    expect([await status(), await status(), await status(), await status()]).toEqual([200, 200, 200, 429]);
    expect(await status(other)).toBe(200);
    now += 29_000;
    const response = await fetch(slack.origin + new URL(url).pathname, { method: 'POST' });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1']);
    now += 1000;
    expect(await status()).toBe(200);
  });

  it('are never met by one message a second', async () => {
    let now = 1_000_000;
    const url = await start({ now: () => now, limits: { burst: 1 } });
    for (let n = 0; n < 20; n += 1) {
      expect((await post(url, { text: 'a' }))[0]).toBe(200);
      now += 1000;
    }
  });

  it('give way to what a test lays down', async () => {
    const url = await start();
    slack.answerNext({ status: 503 });
    expect((await post(url, { text: 'a' }))[0]).toBe(503);
    expect((await post(url, { text: 'a' }))[0]).toBe(200);
    expect([slack.requests.length, slack.messages.length]).toEqual([2, 1]);
  });
});
