import type { KV, KvEntry } from '@nats-io/kv';
import type { ChannelCopy } from '#contracts';
import { type KeyRing, open } from '#runtime';
import type { Channel } from './channel.js';
import { secretsOf } from './settings.js';

/** A channel ready to be sent to: its copy, its settings opened. */
export interface Ready {
  copy: ChannelCopy;
  settings: Record<string, unknown>;
  secrets: string[];
}

const most = 10_000;

/** The channels at work, kept current by watching the bucket; read from it one by one when first needed. */
export class ChannelCache {
  private readonly channels = new Map<string, Ready | 'deleted'>();
  private watch?: Awaited<ReturnType<KV['watch']>>;

  constructor(
    private readonly kv: KV,
    private readonly channel: Channel,
    private readonly keys: KeyRing,
  ) {}

  /** Follows changes from now on; `changed` is told each channel of this type that was disabled, enabled or deleted. */
  async follow(changed: (id: string) => void): Promise<void> {
    this.watch = await this.kv.watch({ include: 'updates' as never, ignoreDeletes: false });
    void (async () => {
      for await (const entry of this.watch!) {
        try {
          this.note(entry, changed);
        } catch {
          // no copy that can be read, or none whose key is known yet: whoever needs it says so, and the others are still followed
          this.channels.delete(entry.key);
        }
      }
    })().catch(() => this.channels.clear());
  }

  private note(entry: KvEntry, changed: (id: string) => void): void {
    const known = this.channels.get(entry.key);
    if (entry.operation !== 'PUT') {
      if (known) this.channels.set(entry.key, 'deleted');
      changed(entry.key);
      return;
    }
    const copy = entry.json<ChannelCopy>();
    if (copy.type !== this.channel.type) return;
    if (known) this.keep(copy);
    changed(copy.id);
  }

  close(): void {
    this.watch?.stop();
  }

  /** The channel at `version` or newer; `deleted`; or `older` when the bucket does not hold that version yet. */
  async get(id: string, version: number): Promise<Ready | 'deleted' | 'older'> {
    const known = this.channels.get(id);
    if (known === 'deleted') return known;
    if (known && known.copy.version >= version) return known;
    const entry = await this.kv.get(id);
    if (entry?.operation === 'DEL' || entry?.operation === 'PURGE') return 'deleted';
    if (!entry) return 'older';
    const ready = this.keep(entry.json<ChannelCopy>());
    return ready.copy.version >= version ? ready : 'older';
  }

  private keep(copy: ChannelCopy): Ready {
    const known = this.channels.get(copy.id);
    if (known && known !== 'deleted' && known.copy.version >= copy.version) return known;
    const settings = JSON.parse(open(this.keys, copy.sealed)) as Record<string, unknown>;
    const ready = { copy, settings, secrets: secretsOf(this.channel, settings) };
    if (this.channels.size >= most) this.channels.delete(this.channels.keys().next().value!);
    this.channels.set(copy.id, ready);
    return ready;
  }
}
