/** A time as vendors write it; undefined where there is none. Every time of an event is RFC 3339, checked when it was accepted. */

export const isoTime = (time: string | undefined): string | undefined => time && new Date(time).toISOString();

/** Whole seconds since 1970. */
export const unixTime = (time: string | undefined): number | undefined =>
  time ? Math.floor(Date.parse(time) / 1000) : undefined;
