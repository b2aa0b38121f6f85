/** Events as they come over gRPC, turned into the envelope of the REST API. */
interface Value {
  nullValue?: unknown;
  numberValue?: number;
  stringValue?: string;
  boolValue?: boolean;
  structValue?: Struct;
  listValue?: { values?: Value[] };
}
interface Struct {
  fields?: Record<string, Value>;
}
export interface GrpcEvent extends Record<string, unknown> {
  snapshot?: { url?: string; image?: { content_type?: string; data?: Uint8Array } };
  data?: Struct;
}

/** The envelope of a gRPC event; a request without one is an empty envelope, whose faults accept() names. */
export function envelopeOf(event: GrpcEvent | null | undefined): Record<string, unknown> {
  const { snapshot, data, ...rest } = event ?? {};
  return { ...rest, ...(snapshot && { snapshot: snapshotOf(snapshot) }), ...(data && { data: plain(data) }) };
}

function snapshotOf({ url, image }: NonNullable<GrpcEvent['snapshot']>): unknown {
  return image ? { content_type: image.content_type ?? '', base64: Buffer.from(image.data ?? []).toString('base64') } : { url };
}

const plain = (struct: Struct): Record<string, unknown> =>
  Object.fromEntries(Object.entries(struct.fields ?? {}).map(([key, value]) => [key, jsonOf(value)]));

function jsonOf(value: Value): unknown {
  if (value.structValue) return plain(value.structValue);
  if (value.listValue) return (value.listValue.values ?? []).map(jsonOf);
  return value.stringValue ?? value.numberValue ?? value.boolValue ?? null;
}
