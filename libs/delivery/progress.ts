import type { ChannelCopy, Delivery, FarmEvent, ProgressEvery } from '#contracts';
import type { MessageRef } from './channel.js';

/** What a channel shows of a print. */
export interface ShownPrint {
  /** The last progress that was shown; null: none yet. */
  percent: number | null;
  /** When, ms since the epoch. */
  at: number;
  /** The message that shows it, where messages can be changed, and when it was made. */
  ref?: MessageRef;
  madeAt?: number;
}

export const shownMs = 14 * 86_400_000;

/** What happens to a print that matters for what is shown of it. */
const parts: Record<string, 'begins' | 'goes on' | 'ends'> = {
  'job.started': 'begins',
  'job.progress': 'goes on',
  'job.succeeded': 'ends',
  'job.failed': 'ends',
  'job.cancelled': 'ends',
};

export const partOf = (event: FarmEvent) => parts[event.type];

/** Where a print is kept in memory; undefined for an event that says nothing of a print, or not of which. */
export function printKey({ channel, event }: Pick<Delivery, 'channel' | 'event'>): string | undefined {
  const { printer, job } = event;
  const name = job?.id || job?.name || job?.file;
  return partOf(event) && (name || printer?.id) ? `print/${channel}/${JSON.stringify([printer?.id, name])}` : undefined;
}

/** Whether the channel has anything to remember of prints. */
export const remembers = (copy: Pick<ChannelCopy, 'progress' | 'progress_every'>) =>
  copy.progress === 'edit' || copy.progress_every !== null;

/** Whether this much progress is to be shown: the first, then each so many percent and each so many seconds. Less than before is a new print. */
export function isDue(every: ProgressEvery | null, shown: ShownPrint | undefined, event: FarmEvent, now: number): boolean {
  if (every === null || !shown || shown.percent === null) return true;
  const percent = event.job?.progress;
  if (every.seconds !== null && now - shown.at >= every.seconds * 1000) return true;
  if (percent === undefined) return false;
  if (isAnother(shown, event)) return true;
  return every.percent !== null && Math.floor(percent / every.percent) > Math.floor(shown.percent / every.percent);
}

/** It has begun again under the same name. */
export const isAnother = (shown: ShownPrint, event: FarmEvent): boolean =>
  shown.percent !== null && event.job?.progress !== undefined && event.job.progress < shown.percent - 5;

/** The message to change, when this event changes one. */
export function changes(
  copy: Pick<ChannelCopy, 'progress'>,
  shown: ShownPrint | undefined,
  event: FarmEvent,
): MessageRef | undefined {
  if (copy.progress !== 'edit' || event.type !== 'job.progress' || !shown || isAnother(shown, event)) return undefined;
  return shown.ref;
}

/** What is shown once a message was taken; undefined: nothing any more. */
export function shownAfter(
  shown: ShownPrint | undefined,
  event: FarmEvent,
  sent: { ref?: MessageRef; edited: boolean; now: number },
): ShownPrint | undefined {
  const { ref, edited, now } = sent;
  switch (partOf(event)) {
    case 'begins':
      return { percent: null, at: now, ...(ref && { ref, madeAt: now }) };
    case 'goes on': {
      const percent = event.job?.progress ?? shown?.percent ?? 0;
      if (edited) return { ...shown, percent, at: now, ...(ref && { ref }) };
      return { percent, at: now, ...(ref && { ref, madeAt: now }) };
    }
    default:
      return undefined;
  }
}
