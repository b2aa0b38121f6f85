import type { ObjectStore } from '@nats-io/obj';
import { v7 } from 'uuid';
import type { Bus } from '#bus';
import { type Fault, limits, type StoredSnapshot } from '#contracts';

const keptMs = 7 * 86_400_000;

/** The first bytes that tell a picture's type. */
const signatures: Record<string, (bytes: Buffer) => boolean> = {
  'image/jpeg': (b) => b.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])),
  'image/png': (b) => b.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])),
  'image/webp': (b) => b.subarray(0, 4).toString('latin1') === 'RIFF' && b.subarray(8, 12).toString('latin1') === 'WEBP',
};

/** The picture's bytes, or what is wrong with them: size and content are checked, not what the publisher says. */
export function picture(snapshot: { content_type: string; base64: string }): { bytes: Buffer } | { fault: Fault } {
  const bytes = Buffer.from(snapshot.base64, 'base64');
  if (bytes.length > limits.snapshotBytes) return { fault: { path: 'snapshot.base64', message: 'is larger than 2 MiB' } };
  if (!signatures[snapshot.content_type]?.(bytes))
    return { fault: { path: 'snapshot.base64', message: `is not ${snapshot.content_type} by its content` } };
  return { bytes };
}

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
