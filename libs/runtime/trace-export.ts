/** The one file that loads OpenTelemetry; itself loaded only where traces are exported. */
import {
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace as spans,
} from '@opentelemetry/api';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Log } from './log.js';
import { version } from './metrics.js';
import { answersWithin } from './probes.js';
import type { Attributes, Hop, HopKind } from './tracing.js';

export interface Exporting {
  begin(service: string, name: string, kind: HopKind, parent: string | undefined, links?: readonly string[]): Hop;
  stop(): Promise<void>;
}

const kinds = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
} satisfies Record<HopKind, SpanKind>;

const complainEveryMs = 60_000;
/** A stop does not wait longer for a collector that is away. */
const lastMs = 3_000;

/** Exports spans by OTLP/HTTP. What OTEL_* says beyond the address (headers, sampler, batches, resource) OpenTelemetry reads itself. */
export function openExport(service: string, url: string, log: Log): Exporting {
  const complain = seldom((error) =>
    log.warn(`Traces cannot be exported, and are dropped meanwhile; deliveries go on: ${textOf(error)}`),
  );
  setGlobalErrorHandler(complain);
  // its other words may name what it was configured with, headers included
  const said = (text: string) => /^(Dropped|OTEL_)/.test(text) && complain(text);
  const silent = () => {};
  diag.setLogger(
    { error: said, warn: said, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const name = service === 'farmbell' ? service : `farmbell-${service}`;
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': name, 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))],
  });
  return {
    begin: (of, what, kind, parent, links = []) =>
      new SpanHop(
        provider
          .getTracer(`farmbell.${of}`, version)
          .startSpan(
            what,
            { kind: kinds[kind], ...(links.length > 0 && { links: links.map((one) => ({ context: contextOf(one) })) }) },
            parent ? spans.setSpanContext(ROOT_CONTEXT, contextOf(parent)) : ROOT_CONTEXT,
          ),
      ),
    stop: async () => {
      await answersWithin(provider.shutdown().catch(complain), lastMs);
    },
  };
}

class SpanHop implements Hop {
  readonly trace: string;

  constructor(private readonly span: Span) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.trace = `00-${traceId}-${spanId}-${traceFlags & 1 ? '01' : '00'}`;
  }

  set(attributes: Attributes): void {
    this.span.setAttributes(attributes);
  }

  end(fault?: string): void {
    if (fault !== undefined) this.span.setAttribute('error.type', fault).setStatus({ code: SpanStatusCode.ERROR });
    this.span.end();
  }
}

const contextOf = (trace: string): SpanContext => ({
  traceId: trace.slice(3, 35),
  spanId: trace.slice(36, 52),
  traceFlags: Number.parseInt(trace.slice(53, 55), 16),
  isRemote: true,
});

/** One complaint a minute, whatever it says: an exporter may fail with each batch, in changing words. */
function seldom(tell: (error: unknown) => void): (error: unknown) => void {
  let at = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() - at < complainEveryMs) return;
    at = performance.now();
    tell(error);
  };
}

/** An error's own words, which name an address at most; of several at once, the code that they have in common. */
function textOf(error: unknown): string {
  if (typeof error === 'string') return error;
  const { message, code } = (error ?? {}) as { message?: unknown; code?: unknown };
  return String(message || code || 'unknown').slice(0, 200);
}
