import type { CheckedSettings } from '#contracts';
import { patchedRetry } from './retry.js';

const presets = (mode: 'once' | 'backoff'): CheckedSettings['defaults'] => ({
  retry: { mode, attempts: 8 },
  expires_after_s: 60,
  progress: 'post',
  progress_every: null,
});
const changed = (before: 'once' | 'backoff', now: 'once' | 'backoff') => ({
  defaults: presets(now),
  defaultsBefore: presets(before),
});
const once = { mode: 'once', attempts: 1 } as const;
const backoff = (attempts: number) => ({ mode: 'backoff', attempts }) as const;

it.each([
  ['follows the preset', backoff(8), undefined, changed('backoff', 'once'), once],
  ['follows it back', once, undefined, changed('once', 'backoff'), backoff(8)],
  ['keeps attempts that were chosen', backoff(5), undefined, changed('backoff', 'once'), backoff(5)],
  ['keeps a mode that was chosen', backoff(8), undefined, changed('once', 'backoff'), backoff(8)],
  ['keeps a mode that was chosen', once, undefined, changed('backoff', 'once'), once],
  ['is what the patch says', backoff(8), { mode: 'backoff', attempts: 3 } as const, changed('backoff', 'once'), backoff(3)],
  ['is what the patch says', once, { mode: 'once' } as const, changed('once', 'backoff'), once],
  ['tries as often as usual', once, { mode: 'backoff' } as const, changed('once', 'once'), backoff(8)],
  ['keeps the attempts', backoff(5), { mode: 'backoff' } as const, changed('backoff', 'backoff'), backoff(5)],
  ['knows one attempt alone in mode once', backoff(5), { mode: 'once', attempts: 5 } as const, undefined, once],
  ['stays without settings', backoff(5), undefined, undefined, backoff(5)],
])('%s', (_, present, given, checked, expected) => {
  expect(patchedRetry(present, given, checked)).toEqual(expected);
});
