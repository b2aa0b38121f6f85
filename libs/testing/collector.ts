import protobuf from 'protobufjs';
import { type Receiver, receiver } from './receiver.js';

// what is looked at of https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
const { root } = protobuf.parse(
  `
  syntax = "proto3";
  package otlp;
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
  message Scope { string name = 1; }
  message Span {
    bytes trace_id = 1;
    bytes span_id = 2;
    bytes parent_span_id = 4;
    string name = 5;
    int32 kind = 6;
    repeated KeyValue attributes = 9;
    repeated Link links = 13;
    Status status = 15;
  }
  message Link { bytes trace_id = 1; }
  message Status { int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }`,
  { keepCase: true },
);
const Request = root.lookupType('otlp.Request');

type Value = string | number | boolean;
interface KeyValue {
  key: string;
  value: Record<string, Value>;
}
interface RawSpan {
  trace_id: string;
  span_id: string;
  parent_span_id: string;
  name: string;
  kind: number;
  attributes: KeyValue[];
  links: { trace_id: string }[];
  status: { code: number } | null;
}
interface RawRequest {
  resource_spans: { resource: { attributes: KeyValue[] }; scope_spans: { scope: { name: string }; spans: RawSpan[] }[] }[];
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const failed = 2;

export interface CollectedSpan {
  /** Of its resource: `service.name` and the like. */
  resource: Record<string, Value>;
  /** The part of the program that made it. */
  scope: string;
  name: string;
  kind: string;
  traceId: string;
  spanId: string;
  /** Empty where the trace begins. */
  parentId: string;
  attributes: Record<string, Value>;
  failed: boolean;
  /** Traces of which it tells. */
  links: string[];
}

export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  origin: string;
  /** All that has come so far. */
  spans(): CollectedSpan[];
  close(): Promise<void>;
}

/** An OpenTelemetry collector that takes traces by OTLP over HTTP and keeps them. */
export async function collector(): Promise<Collector> {
  const sink = await receiver();
  return { origin: sink.origin, spans: () => spansOf(sink), close: sink.close };
}

function spansOf({ requests }: Pick<Receiver, 'requests'>): CollectedSpan[] {
  return requests
    .filter(({ url }) => url === '/v1/traces')
    .flatMap(({ body }) => read(body).resource_spans)
    .flatMap(({ resource, scope_spans }) =>
      scope_spans.flatMap(({ scope, spans }) =>
        spans.map((span) => ({
          resource: record(resource.attributes),
          scope: scope.name,
          name: span.name,
          kind: kinds[span.kind]!,
          traceId: hexOf(span.trace_id),
          spanId: hexOf(span.span_id),
          parentId: hexOf(span.parent_span_id),
          attributes: record(span.attributes),
          failed: span.status?.code === failed,
          links: span.links.map((link) => hexOf(link.trace_id)),
        })),
      ),
    );
}

const read = (body: Buffer): RawRequest =>
  Request.toObject(Request.decode(body), {
    defaults: true,
    arrays: true,
    longs: Number,
    bytes: String,
    oneofs: false,
  }) as RawRequest;

const hexOf = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

/** Of the kinds of value the one that was sent: the others are not there. */
const record = (attributes: KeyValue[]): Record<string, Value> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]!]));
