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
/** A change is copied within seconds, also by a replica that ended between its commit and the copy, once the database is back. */
const patienceMs = 60_000;
const askAgainMs = 5_000;

/** A version that the bucket does not hold, and when to ask for it. */
interface Missing {
  version: number;
  askAt: number;
  /** Asked for up to this one: what there is is the newest. */
  upTo: number;
}

/** The channels at work, kept current by watching the bucket; read from it one by one when first needed. */
export class ChannelCache {
  private readonly channels = new Map<string, Ready | 'deleted'>();
  private readonly missing = new Map<string, Missing>();
  private watch?: Awaited<ReturnType<KV['watch']>>;

  constructor(
    private readonly kv: KV,
    private readonly channel: Channel,
    private readonly keys: KeyRing,
    /** Has the copy made anew, as the channel is now. */
    private readonly renew: (id: string) => Promise<unknown>,
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

  /**
   * The channel at `version` or newer; `deleted`; or `older` when the bucket does not hold that version yet. After a minute its owner is
   * asked, and then what there is counts: a store that came back from a backup may have forgotten the version.
   */
  async get(id: string, version: number): Promise<Ready | 'deleted' | 'older'> {
    const known = this.channels.get(id);
    const isEnough = ({ copy }: Ready) => copy.version >= version || version <= (this.missing.get(id)?.upTo ?? 0);
    if (known === 'deleted' || (known && isEnough(known))) return known;
    const entry = await this.kv.get(id);
    if (entry?.operation === 'DEL' || entry?.operation === 'PURGE') return 'deleted';
    const ready = entry && this.keep(entry.json<ChannelCopy>());
    if (ready && isEnough(ready)) return ready;
    return (await this.isRenewed(id, version)) ? this.get(id, version) : 'older';
  }

  /** Whether the copy was made anew just now, after a time of waiting. */
  private async isRenewed(id: string, version: number): Promise<boolean> {
    const now = Date.now();
    const last = this.missing.get(id) ?? { version: 0, askAt: 0, upTo: 0 };
    if (version <= last.upTo) return false;
    const wanted = Math.max(version, last.version);
    const askAt = last.upTo < last.version ? last.askAt : now + patienceMs;
    const isTime = now >= askAt;
    this.missing.delete(id);
    // asked again when there is no answer
    this.missing.set(id, { version: wanted, upTo: last.upTo, askAt: isTime ? now + askAgainMs : askAt });
    if (this.missing.size > most) this.missing.delete(this.missing.keys().next().value!);
    if (!isTime) return false;
    await this.renew(id);
    this.missing.set(id, { version: wanted, upTo: wanted, askAt });
    this.channels.delete(id);
    return true;
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
