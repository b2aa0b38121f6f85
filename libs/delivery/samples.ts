/** For the specs of this folder: a channel type, its channel, and deliveries to it. */
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { type ChannelCopy, type ChannelType, type Delivery, type FarmEvent, lanes } from '#contracts';
import type { Database } from '#runtime';
import { channel } from './channel.js';
import type { Ready } from './channel-cache.js';
import type { Reply } from './http/index.js';
import type { AnyChannel } from './settings.js';
import { Waiting } from './waiting.js';
import type { Item } from './worker.js';

export const eventOf = (type = 'job.failed', over: Partial<FarmEvent> = {}): FarmEvent => ({
  id: 'e1',
  type,
  severity: 'info',
  time: '2026-03-01T12:00:00.000Z',
  title: 'A title',
  message: 'A message.',
  account: 'default',
  ...over,
});

export const deliveryOf = (id: string, over: Partial<Delivery> = {}): Delivery => ({
  id,
  account: 'default',
  channel: 'c1',
  channel_type: 'telegram',
  lane: 3,
  version: 1,
  epoch: 1,
  created_at: new Date().toISOString(),
  attempt: 1,
  event: eventOf(),
  ...over,
});

export const progressOf = (percent: number | undefined, over: Partial<FarmEvent> = {}): FarmEvent =>
  eventOf('job.progress', {
    printer: { id: 'p1' },
    job: { id: 'j1', ...(percent !== undefined && { progress: percent }) },
    ...over,
  });

export const copyOf = (over: Partial<ChannelCopy> = {}): ChannelCopy => ({
  id: 'c1',
  account: 'default',
  name: 'Ops',
  type: 'telegram',
  organization: null,
  enabled: true,
  version: 1,
  epoch: 1,
  lane: 3,
  retry: { mode: 'backoff', attempts: 5 },
  expires_after_s: 3600,
  progress: 'edit',
  progress_every: { percent: 10, seconds: null },
  auto_disable: { failures: 10, window_h: 24 },
  sealed: '',
  ...over,
});

export const readyOf = (settings: Record<string, unknown> = {}, copy: Partial<ChannelCopy> = {}): Ready => ({
  copy: copyOf(copy),
  settings,
  secrets: [],
});

export const replyOf = (status = 200, body = '', headers: Record<string, string> = {}): Reply => ({
  status,
  headers,
  body,
  latencyMs: 1,
});

/** A type that can do everything; its replies name the message (`m7`) and the file (`f7`) in their body. */
export const typeOf = (over: Partial<AnyChannel> = {}): AnyChannel => ({
  ...channel({
    type: 'telegram',
    chat: true,
    origin: 'https://chat.example',
    settings: z.looseObject({}),
    scope: () => '',
    retry: { mode: 'backoff', schedule: [0, 5, 60], expiresAfterS: 3600 },
    moves: true,
    takesPictures: true,
    fileScope: ({ bot }) => `bot-${bot}`,
    fileOf: ({ body }) => /f\d+/.exec(body)?.[0],
    edits: {
      refOf: ({ body }) => {
        const id = /m\d+/.exec(body)?.[0];
        return id ? { id } : undefined;
      },
      everyMs: () => 0,
    },
    render: ({ title }) => title,
    send: () => Promise.resolve(replyOf()),
  }),
  ...over,
});

export const itemOf = (delivery: Delivery, over: Partial<Item> = {}): Item => ({
  delivery,
  seq: 1,
  settle: () => {},
  wait: () => {},
  lost: () => false,
  gone: () => false,
  ...over,
});

/** The waiting table, for one who has taken every lane. */
export async function waitingOf(database: Database, type: ChannelType): Promise<Waiting> {
  const waiting = new Waiting(database, type);
  await takeLanes(
    waiting,
    Array.from({ length: lanes }, (_, lane) => lane),
  );
  return waiting;
}

export async function takeLanes({ fences }: Waiting, lanes: number[]): Promise<void> {
  await fences.look();
  await fences.raise(lanes);
}

/** Lets all run that waits for no time and for nobody else. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await setImmediate();
}

/** A clock that stands still while code runs: what happens in one turn of the event loop happens at one time. */
export function clock(): { now: () => number; stop: () => void } {
  let at = Date.now();
  const ticking = setInterval(() => {
    at = Date.now();
  }, 1);
  return { now: () => at, stop: () => clearInterval(ticking) };
}
