import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { until } from '../until.js';

interface Channel {
  name: string;
  type: string;
  settings: Record<string, string>;
}

const program = new URL('./main.js', import.meta.url).pathname;
const started = new Set<ChildProcess>();
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
});

/** Starts it and reads what it says: where each provider is, and a channel for it. */
async function start() {
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.add(child);
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await until('the providers are ready', 20_000, () => output.includes('Ctrl-C'));
  const origins = Object.fromEntries(
    [...output.matchAll(/FARMBELL_(\w+)_ORIGIN=(\S+)/g)].map(([, type, origin]) => [type!.toLowerCase(), origin!]),
  );
  const channels = Object.fromEntries(
    [...output.matchAll(/^ {2}(\{.*\})$/gm)].map(([, json]) => {
      const body: Channel = JSON.parse(json!);
      return [body.type, body];
    }),
  );
  return { child, origins, channels, output: () => output };
}

const post = (url: string, body: object, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
const asDiscordBot = { 'user-agent': 'DiscordBot (https://x.example, 1)' };

describe('npm run providers', () => {
  it('says where the four listen and how to make a channel for each, and shows what their readers see', async () => {
    const { child, origins, channels, output } = await start();
    expect(Object.keys(origins).sort()).toEqual(['discord', 'pushover', 'slack', 'telegram']);
    expect(Object.keys(channels).sort()).toEqual(Object.keys(origins).sort());
    const { discord, slack, telegram, pushover } = channels;
    const at = (type: string, url: string) => origins[type] + new URL(url).pathname;

    const webhook = at('discord', discord!.settings.url!);
    const embed = {
      title: 'Print Complete: benchy\\_v2',
      description: 'Done\u001b[31m\nin 1h',
      fields: [{ name: 'Printer', value: 'X1C' }],
    };
    const posted = await post(`${webhook}?wait=true`, { embeds: [embed] }, asDiscordBot);
    const { id } = (await posted.json()) as { id: string };
    await fetch(`${webhook}/messages/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', ...asDiscordBot },
      body: JSON.stringify({ embeds: [{ title: 'Print Complete: vase' }] }),
    });
    await post(webhook, { content: '' }, asDiscordBot);
    const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: '*Print &lt;Failed&gt;*\nof X1C' } }];
    await post(at('slack', slack!.settings.url!), { text: 'Print Failed', blocks });
    const { bot_token, chat_id } = telegram!.settings;
    await post(`${origins.telegram}/bot${bot_token}/sendMessage`, { chat_id, text: 'Print Paused\nby Ada' });
    const { app_token, user_key } = pushover!.settings;
    await fetch(`${origins.pushover}/1/messages.json`, {
      method: 'POST',
      body: new URLSearchParams({ token: app_token!, user: user_key!, title: 'Spaghetti', message: 'on X1C' }),
    });

    const shown = await until('all are shown', 5_000, () => {
      const lines = output().split('Ctrl-C:\n')[1]!.trim().split('\n');
      return lines.length === 6 ? lines : undefined;
    });
    expect(shown).toEqual([
      'discord   Print Complete: benchy_v2  Done [31m in 1h · Printer: X1C',
      'discord   (changed)  Print Complete: vase',
      expect.stringMatching(/^discord {3}refused with 400: {2}\{.*"code":50006/),
      'slack     Print <Failed>  of X1C',
      'telegram  Print Paused  by Ada',
      'pushover  Spaghetti  on X1C',
    ]);

    const ended = once(child, 'exit');
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });

  it('takes free ports where its own are taken', async () => {
    const taken = await Promise.all(
      [8581, 8582, 8583, 8584].map(async (port) => {
        const server = createServer();
        // where it is taken already, it is taken all the same
        await new Promise<void>((resolve) => server.once('error', () => resolve()).listen(port, '127.0.0.1', resolve));
        return server;
      }),
    );
    const { origins } = await start();
    for (const server of taken) server.close();
    const ports = Object.values(origins).map((origin) => Number(new URL(origin).port));
    expect([ports.length, ports.filter((port) => port >= 8581 && port <= 8584)]).toEqual([4, []]);
  });
});
