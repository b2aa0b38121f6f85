import type { ObjectStore } from '@nats-io/obj';
import { v7 } from 'uuid';
import type { StoredSnapshot } from '#contracts';
import type { Bus } from './bus.js';

const keptMs = 7 * 86_400_000;

/** Pictures in the object store for seven days, under unguessable ids. */
export class Snapshots {
  private constructor(private readonly store: ObjectStore) {}

  static async open(bus: Bus): Promise<Snapshots> {
    return new Snapshots(await bus.objects('SNAPSHOTS', keptMs));
  }

  async put(bytes: Buffer, contentType: string): Promise<StoredSnapshot> {
    const id = v7().replaceAll('-', '') + v7().slice(-12);
    await this.store.putBlob({ name: id, headers: undefined, metadata: { content_type: contentType } }, bytes);
    return { id, content_type: contentType, bytes: bytes.length };
  }

  /** The picture, or undefined when it is unknown or older than seven days. */
  async get(id: string): Promise<{ bytes: Uint8Array; content_type: string } | undefined> {
    const info = await this.store.info(id);
    const bytes = info && !info.deleted ? await this.store.getBlob(id) : null;
    return bytes ? { bytes, content_type: info?.metadata?.content_type ?? 'application/octet-stream' } : undefined;
  }
}
