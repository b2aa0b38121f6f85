import type { Snapshots } from '#bus';
import { type FarmEvent, limits, pictureType } from '#contracts';
import type { Picture } from './channel.js';
import type { Http } from './http/index.js';

const keptMs = 60_000;
const most = 50;
const fetchMs = 5_000;
const endings: Record<string, string> = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp' };

/** The pictures of events: from the object store, or fetched from where the publisher says. One that cannot be had is left out. */
export class Pictures {
  private readonly known = new Map<string, Promise<Picture | undefined>>();

  constructor(
    private readonly snapshots: Pick<Snapshots, 'get'>,
    private readonly http: Pick<Http, 'request'>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Several channels ask for the same one: it is read once a minute. */
  async of({ account, id, snapshot }: FarmEvent): Promise<Picture | undefined> {
    if (!snapshot) return undefined;
    const key = 'id' in snapshot ? snapshot.id : `${account}/${id}`;
    const known = this.known.get(key);
    if (known) return known;
    const reading = ('id' in snapshot ? this.stored(snapshot.id) : this.fetched(snapshot.url)).catch((error) => {
      this.onError(error);
      return undefined;
    });
    this.known.set(key, reading);
    if (this.known.size > most) this.known.delete(this.known.keys().next().value!);
    setTimeout(() => this.known.delete(key), keptMs).unref();
    return reading;
  }

  private async stored(id: string): Promise<Picture | undefined> {
    const found = await this.snapshots.get(id);
    return found && pictureOf(found.bytes);
  }

  private async fetched(url: string): Promise<Picture | undefined> {
    const { status, bytes } = await this.http.request({ url, timeoutMs: fetchMs, mostBytes: limits.snapshotBytes });
    return status === 200 && bytes ? pictureOf(bytes) : undefined;
  }
}

function pictureOf(bytes: Uint8Array): Picture | undefined {
  const content_type = pictureType(bytes);
  return content_type ? { bytes, content_type, name: `snapshot.${endings[content_type]}` } : undefined;
}

/** What a picture is remembered by. */
export const pictureKey = ({ account, id, snapshot }: FarmEvent): string =>
  snapshot && 'id' in snapshot ? snapshot.id : `${account}/${id}`;
