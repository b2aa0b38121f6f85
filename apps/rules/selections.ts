import type { Matchable } from './match.js';

/** What a channel selects, or an event offers: terms of types, least severities, printers and tags. */
export interface Keys {
  terms: readonly string[];
  grades: readonly string[];
  places: readonly string[];
}

/** Channels by what they select: a term, then a least severity, then a printer or tag. What nobody selects ends a search at once. */
export class Selections {
  private readonly held = new Map<string, Map<string, Map<string, Set<Matchable>>>>();

  add(channel: Matchable, { terms, grades, places }: Keys): void {
    for (const term of terms)
      for (const grade of grades) {
        const ofGrade = within(within(this.held, term), grade);
        for (const place of places) ofGrade.set(place, (ofGrade.get(place) ?? new Set<Matchable>()).add(channel));
      }
  }

  drop(channel: Matchable, { terms, grades, places }: Keys): void {
    for (const term of terms) {
      const ofTerm = this.held.get(term);
      for (const grade of grades) {
        const ofGrade = ofTerm?.get(grade);
        for (const place of places) {
          const channels = ofGrade?.get(place);
          channels?.delete(channel);
          if (channels?.size === 0) ofGrade!.delete(place);
        }
        if (ofGrade?.size === 0) ofTerm!.delete(grade);
      }
      if (ofTerm?.size === 0) this.held.delete(term);
    }
  }

  /** Those that share a term, a grade and a place with what is offered. */
  of({ terms, grades, places }: Keys): Set<Matchable> {
    const found = new Set<Matchable>();
    for (const term of terms) {
      const ofTerm = this.held.get(term);
      if (!ofTerm) continue;
      for (const grade of grades) {
        const ofGrade = ofTerm.get(grade);
        if (!ofGrade) continue;
        for (const place of places) for (const channel of ofGrade.get(place) ?? []) found.add(channel);
      }
    }
    return found;
  }
}

/** The map under a key, made when missing. */
function within<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const present = map.get(key);
  if (present) return present;
  const made = new Map<string, V>();
  map.set(key, made);
  return made;
}
