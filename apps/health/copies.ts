import type { KV, KvEntry } from '@nats-io/kv';
import type { Bus } from '#bus';
import type { ChannelCopy } from '#contracts';

/** Undefined for what is no copy: then the channel is judged by the defaults. */
function copyOf(entry: KvEntry): ChannelCopy | undefined {
  try {
    return entry.json<ChannelCopy | null>() ?? undefined;
  } catch {
    return undefined;
  }
}

/** The channels' copies that rules puts into the bucket; read one by one, when there is something to decide. */
export class Copies {
  private constructor(private readonly kv: KV) {}

  static async open(bus: Bus): Promise<Copies> {
    return new Copies(await bus.bucket('CHANNELS'));
  }

  /** The copies of those channels; 'deleted' for a tombstone, undefined where nothing was ever put. */
  async get(ids: readonly string[]): Promise<Map<string, ChannelCopy | 'deleted' | undefined>> {
    const entries = await Promise.all(ids.map(async (id) => [id, await this.kv.get(id)] as const));
    return new Map(
      entries.map(([id, entry]) => [id, entry?.operation === 'PUT' ? copyOf(entry) : entry ? 'deleted' : undefined]),
    );
  }
}
