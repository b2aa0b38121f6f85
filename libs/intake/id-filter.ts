import { hash } from 'node:crypto';

const bitsPerId = 16;
const probes = 8;
const firstCapacity = 1 << 16;

/** A Bloom filter that grows: `has` is never wrong about what was added, and says yes to one in some thousand others. */
export class IdFilter {
  private readonly parts: { bits: Uint8Array; free: number }[] = [];
  size = 0;

  add(id: string): void {
    let part = this.parts.at(-1);
    if (!part || part.free === 0) {
      const capacity = firstCapacity * 2 ** this.parts.length;
      part = { bits: new Uint8Array((capacity * bitsPerId) / 8), free: capacity };
      this.parts.push(part);
    }
    for (const place of places(digest(id), part.bits)) part.bits[place >> 3]! |= 1 << (place & 7);
    part.free--;
    this.size++;
  }

  has(id: string): boolean {
    const of = digest(id);
    return this.parts.some(({ bits }) => places(of, bits).every((place) => bits[place >> 3]! & (1 << (place & 7))));
  }
}

const digest = (id: string) => hash('md5', id, 'buffer');

/** Where an id's bits are: double hashing over a number of bits that is a power of two. */
function places(digest: Buffer, bits: Uint8Array): number[] {
  const [start, stride] = [digest.readUInt32LE(0), (digest.readUInt32LE(4) | 1) >>> 0];
  return Array.from({ length: probes }, (_, i) => (start + i * stride) % (bits.length * 8));
}
