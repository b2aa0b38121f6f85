/** The receivers' own process: what disturbs the services must not disturb who watches. Told by messages of receiving.ts. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type DiscordProvider, discordProvider } from '#testing';
import { type Behaviour, type ChannelPlan, doom } from './channels.js';
import type { Arrival } from './records.js';

export type ToReceivers =
  | { ask: 'open'; channels: Pick<ChannelPlan, 'name' | 'type' | 'behaviour'>[] }
  | { ask: 'counts' }
  | { ask: 'arrivals'; file: string };
export interface Opened {
  urls: Record<string, string>;
  discordOrigin: string;
}

const arrivals: Arrival[] = [];
let chat: DiscordProvider;
/** Channels by the id of their chat webhook. */
const chatChannels = new Map<string, string>();
/** Longer than any pause between two requests: that a kept connection ends is no fault to be tested here. */
const keepAliveMs = 600_000;

async function open(name: string, behaviour: Behaviour): Promise<string> {
  const seen = new Map<string, number>();
  const server = createServer((request, response) => {
    receive(name, behaviour, seen, request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = keepAliveMs;
  server.requestTimeout = 0;
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function receive(
  channel: string,
  behaviour: Behaviour,
  seen: Map<string, number>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { id, title } = JSON.parse(Buffer.concat(chunks).toString()) as { id: string; title: string };
  const arrival: Arrival = { channel, event: id, delivery: String(request.headers['webhook-id']), at: Date.now(), took: false };
  arrivals.push(arrival);
  const times = (seen.get(id) ?? 0) + 1;
  seen.set(id, times);
  const answer = (status: number) => {
    response.once('finish', () => {
      arrival.took = status < 300;
    });
    response.writeHead(status).end();
  };
  switch (behaviour.kind) {
    case 'well':
      return answer(204);
    case 'slow':
      await delay(behaviour.fromMs + spread(id) * (behaviour.toMs - behaviour.fromMs));
      return answer(204);
    case 'fails':
      return answer(times <= behaviour.times ? 500 : 204);
    case 'dies':
      return answer(title === doom ? 410 : 500);
    case 'cuts':
      if (times > behaviour.times) return answer(204);
      response.writeHead(200, { 'content-length': 100 });
      response.write('half of the');
      setTimeout(() => response.destroy(), 5);
      return;
    case 'hangs':
      return;
  }
}

/** From 0 to 1, the same for the same event. */
const spread = (id: string) => createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32;

/** What came to the chat, whose messages carry the event's id as their title alone. */
function chatArrivals(): Arrival[] {
  const taken = new Map<string, number>();
  const keyOf = (channel: string, event: string) => `${channel} ${event}`;
  for (const { webhook_id, embeds } of chat.messages) {
    const key = keyOf(chatChannels.get(webhook_id)!, embeds[0]?.title ?? '');
    taken.set(key, (taken.get(key) ?? 0) + 1);
  }
  return chat.requests.map(({ at, url, json }): Arrival => {
    const channel = chatChannels.get(webhookIdOf(url)) ?? url;
    const event = String(json?.embeds?.[0]?.title);
    const left = taken.get(keyOf(channel, event)) ?? 0;
    taken.set(keyOf(channel, event), left - 1);
    return { channel, event, delivery: '', at, took: left > 0 };
  });
}

const webhookIdOf = (url: string) => /\/webhooks\/(\d+)\//.exec(url)?.[1] ?? '';

async function answer(message: ToReceivers): Promise<unknown> {
  switch (message.ask) {
    case 'open': {
      const opened: Opened = { urls: {}, discordOrigin: '' };
      chat = await discordProvider({ limits: null });
      for (const { name, type, behaviour } of message.channels) {
        if (type === 'webhook') opened.urls[name] = await open(name, behaviour);
        else {
          opened.urls[name] = chat.webhookUrl();
          chatChannels.set(webhookIdOf(opened.urls[name]), name);
        }
      }
      return { ...opened, discordOrigin: chat.origin };
    }
    case 'counts':
      return arrivals.length + chat.requests.length;
    case 'arrivals':
      writeFileSync(message.file, JSON.stringify([...arrivals, ...chatArrivals()]));
      return null;
  }
}

process.on('message', (message: ToReceivers) => {
  void answer(message).then((value) => process.send!(value ?? null));
});
process.on('disconnect', () => process.exit(0));
// a Ctrl-C in the terminal is for the harness, which then ends this process
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
