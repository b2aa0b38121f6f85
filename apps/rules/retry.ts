import { isDeepStrictEqual } from 'node:util';
import type { ChannelCopy, ChannelPatch, CheckedSettings } from '#contracts';

type Retry = ChannelCopy['retry'];

/** A channel's retry after a PATCH: what it says; else what its settings preset now, where what they preset before still held. Pure. */
export function patchedRetry(
  present: Retry,
  given: ChannelPatch['retry'],
  checked?: Pick<CheckedSettings, 'defaults' | 'defaultsBefore'>,
): Retry {
  if (given?.mode === 'once') return { mode: 'once', attempts: 1 };
  if (given) {
    const usual = present.mode === 'backoff' || !checked ? present.attempts : several(checked.defaults.retry);
    return { mode: 'backoff', attempts: given.attempts ?? usual };
  }
  const { defaults, defaultsBefore } = checked ?? {};
  const followed = defaults && defaultsBefore && isDeepStrictEqual(present, presetRetry(defaultsBefore.retry));
  return followed ? presetRetry(defaults.retry) : present;
}

const several = ({ attempts }: Retry): number => Math.max(attempts, 2);
const presetRetry = (retry: Retry): Retry => ({ mode: retry.mode, attempts: retry.mode === 'once' ? 1 : several(retry) });
