/** At `failures` deliveries within `window_h` hours a channel is disabled. */
export interface Limits {
  failures: number;
  window_h: number;
}
/** What a channel has that sets nothing itself. */
export const defaultLimits: Limits = { failures: 10, window_h: 24 };

export interface Findings {
  /** Deliveries that count, in the window, of the present epoch. */
  failures: number;
  limits: Limits;
  /** An answer proved the destination gone. */
  gone: boolean;
  /** The warning of this epoch is out. */
  warned: boolean;
}

export type Verdict = 'nothing' | 'warn' | 'disable';

/** What is to be done about a channel. A warning that would come with the disabling is left out. */
export function verdict({ failures, limits, gone, warned }: Findings): Verdict {
  if (gone || failures >= limits.failures) return 'disable';
  return !warned && failures >= Math.ceil(limits.failures / 2) ? 'warn' : 'nothing';
}

/** `10 deliveries failed within 24 hours (last: server, HTTP 500)`. */
export function failuresText(failures: number, { window_h }: Limits, last: string | null): string {
  const deliveries = failures === 1 ? '1 delivery' : `${failures} deliveries`;
  const hours = window_h === 1 ? 'an hour' : `${window_h} hours`;
  return `${deliveries} failed within ${hours}${last ? ` (last: ${last})` : ''}`;
}
