import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyRing } from './seal.js';

const macBytes = 18;
const purpose = 'event page\n';

/** The id of an event's page for people without a token: nobody can make one without a key of the ring. */
export function eventPageId({ keys }: KeyRing, account: string, event: string): string {
  const place = Buffer.from(JSON.stringify([account, event])).toString('base64url');
  return `${place}.${macOf(keys[0]!, place).toString('base64url')}`;
}

/** Which event a page's id stands for; undefined for an id that was not made here. */
export function eventOfPage({ keys }: KeyRing, id: string): { account: string; event: string } | undefined {
  const [place = '', mac = '', ...more] = id.split('.');
  const given = Buffer.from(mac, 'base64url');
  if (more.length > 0 || given.length !== macBytes || !keys.some((key) => timingSafeEqual(macOf(key, place), given)))
    return undefined;
  const [account, event] = JSON.parse(Buffer.from(place, 'base64url').toString()) as [string, string];
  return { account, event };
}

const macOf = ({ signing }: KeyRing['keys'][number], place: string): Buffer =>
  createHmac('sha256', signing)
    .update(purpose + place)
    .digest()
    .subarray(0, macBytes);
