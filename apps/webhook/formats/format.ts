import type { FarmEvent } from '#contracts';

/** What a format may know beside the event. */
export interface FormatContext {
  /** How people and receivers reach Farmbell. */
  publicUrl: string;
  /** Farmbell's own page of the event. */
  page?: string;
  /** The channel's id. */
  channel?: string;
  settings: {
    /** What the vendor lets its users set, for the receiver to compare. */
    secret?: string;
  };
}

/** What is posted. A key of the body whose value is undefined is left out, as in all JSON. */
export interface Posted {
  contentType: string;
  body: Record<string, unknown>;
  /** Beyond the common ones, in lower case. */
  headers?: Record<string, string>;
}

/** A webhook format: pure, from an event to what is posted. */
export type Format = (event: FarmEvent, context: FormatContext) => Posted;
