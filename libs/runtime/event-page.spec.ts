import { eventOfPage, eventPageId } from './event-page.js';
import { keyRing, newKey } from './seal.js';

it('finds the event again, with any key of the ring, and nothing without', () => {
  const [old, now] = [newKey(), newKey()];
  const id = eventPageId(keyRing(old), 'default', 'e 1/ä');
  expect(id).toMatch(/^[\w-]+\.[\w-]{24}$/);
  expect(eventOfPage(keyRing(`${now},${old}`), id)).toEqual({ account: 'default', event: 'e 1/ä' });
  expect(eventOfPage(keyRing(now), id)).toBeUndefined();
  const other = eventPageId(keyRing(old), 'default', 'e2');
  const swapped = `${other.split('.')[0]}.${id.split('.')[1]}`;
  for (const wrong of [swapped, `${id}.x`, id.slice(0, -1), '', '.', 'x.y'])
    expect(eventOfPage(keyRing(old), wrong)).toBeUndefined();
});
