import type { Place } from '#bus';
import { invalid } from '#contracts';

/** How far somebody was told: in EVENTS, and in ATTEMPTS. */
export interface Places {
  events: Place;
  outcomes: Place;
}

/** A place as an id names it. */
interface Named {
  seq: number;
  /** Of the stream, by when it was made: one that was made anew counts from 1 again. */
  mark: string;
}
export type NamedPlaces = Record<keyof Places, Named>;

const markOf = (made: string): string => Date.parse(made).toString(36);
const nameOf = ({ made, seq }: Place): string => `${seq}-${markOf(made)}`;

/** The id of a message: whoever gives it back as Last-Event-ID goes on behind that message. */
export const idOf = ({ events, outcomes }: Places): string => `${nameOf(events)}.${nameOf(outcomes)}`;

const pattern = /^(\d{1,15})-([a-z0-9]{1,12})\.(\d{1,15})-([a-z0-9]{1,12})$/;

/** Where a Last-Event-ID says to go on; undefined: with what happens from now on. Throws a 422 for what no message ever had. */
export function namedBy(header: string | string[] | undefined): NamedPlaces | undefined {
  if (header === undefined || header === '') return undefined;
  const [, seq, mark, otherSeq, otherMark] = pattern.exec(String(header)) ?? [];
  if (!mark || !otherMark) {
    throw invalid([
      {
        path: 'Last-Event-ID',
        message: 'must be the id of a message of this stream; leave it out to begin with what happens from now on',
      },
    ]);
  }
  return { events: { seq: Number(seq), mark }, outcomes: { seq: Number(otherSeq), mark: otherMark } };
}

/** The place in the stream as it is now: of one that was made anew since, everything is still to be told. */
export const placeIn = ({ seq, mark }: Named, made: string): Place => ({ made, seq: mark === markOf(made) ? seq : 0 });
