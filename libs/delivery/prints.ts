import type { ChannelCopy, Delivery, FarmEvent } from '#contracts';
import type { Channel, MessageRef, Picture } from './channel.js';
import type { Ready } from './channel-cache.js';
import type { Reply } from './http/index.js';
import type { Memory } from './memory.js';
import { pictureKey } from './pictures.js';
import { changes, isDue, partOf, printKey, remembers, type ShownPrint, shownAfter, shownMs } from './progress.js';
import { secretsOf } from './settings.js';

const fileMs = 7 * 86_400_000;
const movedMs = 3650 * 86_400_000;

/** What the provider has changed of a channel's settings, and from what. */
interface Moved {
  from: Record<string, unknown>;
  to: Record<string, unknown>;
}

/**
 * What earlier messages of a channel mean for the next one: which progress is shown already and by which message, what the provider
 * calls a picture, where it has moved the channel to. Memory that cannot be read or written costs a plainer message, never one.
 */
export class Prints {
  constructor(
    private readonly channel: Channel,
    private readonly memory: Memory,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** The settings, with what the provider has changed of them since they were saved. */
  async moved(ready: Ready): Promise<Ready> {
    if (!this.channel.moves) return ready;
    const moved = await this.read<Moved>(`moved/${ready.copy.id}`);
    const still = moved && Object.entries(moved.from).every(([key, value]) => ready.settings[key] === value);
    if (!still) return ready;
    const settings = { ...ready.settings, ...moved.to };
    return { ...ready, settings, secrets: secretsOf(this.channel, settings) };
  }

  async move({ copy, settings }: Ready, to: Record<string, unknown>): Promise<void> {
    const before = await this.read<Moved>(`moved/${copy.id}`);
    // not of settings that were saved since
    const still = before && Object.entries(before.to).every(([key, value]) => settings[key] === value) ? before : undefined;
    const from = { ...Object.fromEntries(Object.keys(to).map((key) => [key, settings[key]])), ...still?.from };
    await this.write(`moved/${copy.id}`, { from, to: { ...still?.to, ...to } }, movedMs);
  }

  /** Whether this much progress is to be shown, and its message may be changed again by now. */
  async isDue(delivery: Delivery, { copy, settings }: Ready): Promise<boolean> {
    const { event } = delivery;
    const now = Date.now();
    if (event.type !== 'job.progress' || delivery.attempt > 1 || delivery.replay_of || !remembers(copy)) return true;
    const shown = await this.shown(delivery, copy);
    if (!isDue(copy.progress_every, shown, event, now)) return false;
    if (!shown || shown.percent === null || !this.channel.edits || !changes(copy, shown, event)) return true;
    return now - shown.at >= this.channel.edits.everyMs(now - (shown.madeAt ?? now), settings);
  }

  /** The message that this event changes, where it changes one. */
  async toChange(delivery: Delivery, { copy }: Ready): Promise<MessageRef | undefined> {
    if (!this.channel.edits || delivery.test || delivery.event.type !== 'job.progress') return undefined;
    if (delivery.without?.includes('edit')) return undefined;
    return changes(copy, await this.shown(delivery, copy), delivery.event);
  }

  /** After a message was taken. */
  async sent(delivery: Delivery, { copy, settings }: Ready, reply: Reply, edited: boolean): Promise<void> {
    await this.learn(delivery.event, settings, reply);
    const key = printKey(delivery);
    if (!key || delivery.test || !remembers(copy)) return;
    const before = await this.read<ShownPrint>(key);
    const ref = copy.progress === 'edit' ? this.channel.edits?.refOf(reply, settings) : undefined;
    const after = shownAfter(before, delivery.event, { ref, edited, now: Date.now() });
    if (after) await this.write(key, after, shownMs);
    else if (before) await this.memory.delete(key).catch(this.onError);
  }

  /** The picture, under the provider's own name for it where it has one. */
  async known(picture: Picture | undefined, event: FarmEvent, settings: Record<string, unknown>): Promise<Picture | undefined> {
    if (!picture || !this.channel.fileScope) return picture;
    const known = await this.read<{ file: string }>(this.fileKey(event, settings));
    return known ? { ...picture, file: known.file } : picture;
  }

  private async learn(event: FarmEvent, settings: Record<string, unknown>, reply: Reply): Promise<void> {
    const file = event.snapshot && this.channel.fileScope && this.channel.fileOf?.(reply);
    if (file) await this.write(this.fileKey(event, settings), { file }, fileMs);
  }

  private fileKey = (event: FarmEvent, settings: Record<string, unknown>) =>
    `file/${this.channel.fileScope!(settings)}/${pictureKey(event)}`;

  private async shown(delivery: Delivery, copy: ChannelCopy): Promise<ShownPrint | undefined> {
    const key = remembers(copy) && partOf(delivery.event) ? printKey(delivery) : undefined;
    return key ? this.read<ShownPrint>(key) : undefined;
  }

  private async read<T>(key: string): Promise<T | undefined> {
    return this.memory.get<T>(key).catch((error) => {
      this.onError(error);
      return undefined;
    });
  }

  private async write(key: string, value: object, ttlMs: number): Promise<void> {
    await this.memory.put(key, value, ttlMs).catch(this.onError);
  }
}
