import { Temporal } from 'temporal-polyfill';
import { type QuietHours, type QuietHoursOn, weekdays } from '#contracts';

/** One stretch of quiet: `ends` is no longer part of it. */
export interface QuietWindow {
  starts: Date;
  ends: Date;
}

/** What holds at an instant, and up to when nothing else does. */
export interface Standing {
  window: QuietWindow | null;
  until: Date;
}

/** The last instant that there is. */
const never = 8.64e15;

/**
 * The window that holds at an instant, or null; the answer is the same up to `until`.
 *
 * Times are those of the clocks on the wall. A start or end that they skip in spring is at the moment they jump over it, and a
 * window that they skip as a whole is none. Of a time that comes twice in autumn, a window starts at the first and ends at the
 * last. Where that makes two windows meet (02:40 to 02:10, the hour from two to three twice), the later one starts when the
 * earlier one ends.
 */
export function windowAt(hours: QuietHours, at: Date): Standing {
  if (!hours.enabled || hours.start === hours.end) return { window: null, until: new Date(never) };
  const now = at.getTime();
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(hours.timezone).toPlainDate();
  // where clocks were put back over midnight, what started the day before yesterday by their date may still hold
  for (let day = today.subtract({ days: 2 }); ; day = day.add({ days: 1 })) {
    if (!isOn(hours, day)) continue;
    const ends = endOf(hours, day);
    if (ends <= now) continue;
    const starts = startOf(hours, day);
    if (starts >= ends) continue;
    if (starts > now) return { window: null, until: new Date(starts) };
    return { window: { starts: new Date(starts), ends: new Date(ends) }, until: new Date(ends) };
  }
}

/** When the window of a local day starts: at its time, or when that of the day before ends. */
function startOf(hours: QuietHoursOn, day: Temporal.PlainDate): number {
  const starts = instantOf(hours.timezone, day, hours.start, 'earlier');
  const yesterday = day.subtract({ days: 1 });
  return isOn(hours, yesterday) ? Math.max(starts, endOf(hours, yesterday)) : starts;
}

/** When the window that starts on a local day ends: on the next one where the end is before the start. */
const endOf = ({ timezone, start, end }: QuietHoursOn, day: Temporal.PlainDate): number =>
  instantOf(timezone, end < start ? day.add({ days: 1 }) : day, end, 'later');

const isOn = ({ days }: QuietHoursOn, day: Temporal.PlainDate): boolean =>
  days.length === 0 || days.includes(weekdays[day.dayOfWeek - 1]!);

/** When the clocks of a zone show a time of a day, or jump over it; of a time that comes twice, the earlier or the later. */
function instantOf(timezone: string, day: Temporal.PlainDate, time: string, disambiguation: 'earlier' | 'later'): number {
  const shown = day.toPlainDateTime(time);
  const at = shown.toZonedDateTime(timezone, { disambiguation });
  if (at.toPlainDateTime().equals(shown)) return at.epochMilliseconds;
  // skipped: Temporal says when it would have come, by the clocks before the jump or by those after it
  const before = shown.toZonedDateTime(timezone, { disambiguation: 'earlier' });
  return before.getTimeZoneTransition('next')!.epochMilliseconds;
}
