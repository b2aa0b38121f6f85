import { accept, type FarmEvent } from '#contracts';
import type { Picture } from '#delivery';

/** Inputs that the specs share. */
export const benchy = {
  type: 'job.succeeded',
  printer: { id: 'p1', name: 'X1C' },
  job: { id: '142', name: 'Benchy', duration_s: 4980 },
};

/** The event that the input becomes once it is accepted. */
export function eventOf(input: object): FarmEvent {
  const accepted = accept(input, { account: 'default', now: new Date('2026-03-01T12:00:00Z'), newId: () => 'e-1' });
  if ('errors' in accepted) throw new Error(JSON.stringify(accepted.errors));
  return accepted.event;
}

/** A JPEG of this size as far as anybody looks who does not show it. */
export function jpeg(width = 640, height = 480, bytes = 2_000): Picture {
  const frame = Buffer.from([0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, height >> 8, height & 255, width >> 8, width & 255, 3]);
  return { bytes: Buffer.concat([frame, Buffer.alloc(bytes - frame.length)]), content_type: 'image/jpeg', name: 'snapshot.jpg' };
}
