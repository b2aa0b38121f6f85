import { accept, type FarmEvent } from '#contracts';
import { type PushoverSettings, settings } from './settings.js';

/** What the specs send, and with what. */
export const keys = { app_token: 'aB3'.repeat(10), user_key: 'uC4'.repeat(10) };

export const chosen = (given: object = {}): PushoverSettings => settings.parse({ ...keys, ...given });

export function eventOf(input: object): FarmEvent {
  const accepted = accept(input, { account: 'default', now: new Date('2026-03-01T12:00:00Z'), newId: () => 'e-1' });
  if ('errors' in accepted) throw new Error(JSON.stringify(accepted.errors));
  return accepted.event;
}

export const benchy = {
  type: 'job.succeeded',
  printer: { id: 'p1', name: 'X1C' },
  job: { id: '142', name: 'Benchy', duration_s: 4980 },
};
export const spaghetti = { type: 'detection.spaghetti', printer: { id: 'p1', name: 'X1C' }, job: { name: 'Benchy' } };
