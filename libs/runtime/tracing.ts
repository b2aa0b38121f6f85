import { randomFillSync } from 'node:crypto';
import type { Settings } from './config.js';
import type { Log } from './log.js';
import type { Exporting } from './trace-export.js';

/** The header in which a trace is handed on, in HTTP, gRPC and NATS: https://www.w3.org/TR/trace-context/#traceparent-header */
export const traceHeader = 'traceparent';

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
const length = 55;
/** What a version yet to come may append; nobody has a use for more. */
const longest = 512;
const nobody = '0'.repeat(32);

/**
 * A `traceparent` from outside, as Farmbell hands it on: 55 characters. Undefined where it is none: then it counts as not sent.
 * Of a version yet to come, what is known is taken: https://www.w3.org/TR/trace-context/#versioning-of-traceparent
 */
export function traceOf(given: unknown): string | undefined {
  if (typeof given !== 'string' || given.length < length || given.length > longest) return undefined;
  const [, format, trace, parent, flags] = form.exec(given) ?? [];
  if (format === undefined || format === 'ff' || trace === nobody || parent === nobody.slice(16)) return undefined;
  if (format === '00') return given.length === length ? given : undefined;
  return `00-${trace}-${parent}-${Number.parseInt(flags!, 16) & 1 ? '01' : '00'}`;
}

/** The trace's id, for a line of the log. */
export const traceIdOf = (trace: string | undefined): string | undefined => trace?.slice(3, 35);

const idBytes = 24;
// the generator is asked for many at a time: one costs as much as a hundred
const pool = Buffer.alloc(idBytes * 128);
let used = pool.length;

/**
 * A trace that begins here, and that nobody records: the flag `sampled` stays unset.
 * https://www.w3.org/TR/trace-context/#sampled-flag
 */
export function newTrace(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const hex = pool.toString('hex', used, used + idBytes);
  used += idBytes;
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-00`;
}

export type Attributes = Record<string, string | number | boolean | undefined>;
/** `server`: a caller waits for it; `consumer`: it works a message off; `client`: it calls somebody; `internal`: none of these. */
export type HopKind = 'server' | 'consumer' | 'client' | 'internal';

/** One step of a trace that is exported: a span. */
export interface Hop {
  /** What follows from it is handed this. */
  readonly trace: string;
  set(attributes: Attributes): void;
  /** It is over; `fault`: a word of a closed set for what went wrong. */
  end(fault?: string): void;
}

let exporting: Exporting | undefined;

/** Whether anybody takes spans. */
export const isExporting = (): boolean => exporting !== undefined;

/**
 * Begins a step of a trace, or a new trace. Undefined while nothing is exported: `hop?.set(…)` then does not even look at what it
 * is given. `links`: other traces of which this one tells.
 */
export const beginHop = (
  service: string,
  name: string,
  kind: HopKind,
  parent: string | undefined,
  links?: readonly string[],
): Hop | undefined => exporting?.begin(service, name, kind, parent, links);

/** Where spans go; undefined: nowhere. */
export const tracesUrl = (config: Settings): string | undefined =>
  config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? config.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/?$/, '/v1/traces');

/** Opens the export, where one is wanted; without it nothing of OpenTelemetry is loaded. */
export async function startTracing(service: string, config: Settings, log: Log): Promise<void> {
  const url = tracesUrl(config);
  if (url === undefined) return;
  const protocol = config.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? config.OTEL_EXPORTER_OTLP_PROTOCOL;
  if (protocol !== undefined && protocol !== 'http/protobuf')
    log.warn('Traces are sent by http/protobuf, whatever OTEL_EXPORTER_OTLP_PROTOCOL says: give a collector that takes it');
  const { openExport } = await import('./trace-export.js');
  exporting = openExport(service, url, log);
}

/** Sends what is left, for a few seconds at most. */
export async function stopTracing(): Promise<void> {
  const last = exporting;
  exporting = undefined;
  await last?.stop();
}
