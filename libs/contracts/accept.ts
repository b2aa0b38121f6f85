import { isOwnType, rowOf } from './catalogue.js';
import { dataFaults, type Envelope, envelopeSchema, type FarmEvent, limits, type Printer, type Snapshot } from './envelope.js';
import { checked, type Fault, quoted } from './faults.js';
import { defaultTexts } from './texts.js';

const earliest = Date.parse('0001-01-01T00:00:00Z');

export interface AcceptContext {
  /** The account that the token or subject names. */
  account: string;
  /** The type that the subject names, if any. */
  type?: string;
  now: Date;
  newId: () => string;
  /** The registration of a printer of this account, if there is one. */
  printer?: (id: string) => (Printer & { organization?: string | null }) | undefined;
}

export type Accepted = { event: FarmEvent; snapshot?: Snapshot; idGiven: boolean } | { errors: Fault[] };

/**
 * Checks what a publisher sent and completes it: id, time, severity, account, the printer's registration, title, message.
 * Pure: the snapshot comes back apart, to be stored by the caller.
 */
export function accept(input: unknown, context: AcceptContext): Accepted {
  if (input === null || typeof input !== 'object' || Array.isArray(input)) {
    return { errors: [{ path: '', message: 'must be a JSON object: one event' }] };
  }
  const filled = context.type !== undefined && !('type' in input) ? { ...input, type: context.type } : input;
  const parsed = checked(envelopeSchema, filled);
  if ('errors' in parsed) return parsed;
  const envelope = parsed.data;
  const errors = [...contextFaults(envelope, context), ...(envelope.data ? dataFaults(envelope.data) : [])];
  const { snapshot, ...rest } = envelope;
  if (errors.length === 0 && Buffer.byteLength(JSON.stringify(rest)) > limits.eventBytes) {
    errors.push({ path: '', message: `the event is larger than ${limits.eventBytes / 1024} KiB (without its snapshot)` });
  }
  if (errors.length > 0) return { errors };
  return { event: complete(rest, context), snapshot, idGiven: envelope.id !== undefined };
}

function contextFaults(envelope: Envelope, context: AcceptContext): Fault[] {
  const faults: Fault[] = [];
  const row = rowOf(envelope.type);
  if (!row)
    faults.push({
      path: 'type',
      message: `'${quoted(envelope.type)}' is not in the catalogue: see GET /v1/event-types, or use custom.<name>`,
    });
  else if (isOwnType(envelope.type)) faults.push({ path: 'type', message: 'channel.* events come from Farmbell alone' });
  else if (!row.label && !envelope.title) faults.push({ path: 'title', message: 'is required for custom.* events' });
  if (context.type !== undefined && envelope.type !== context.type) {
    faults.push({ path: 'type', message: `is '${quoted(envelope.type)}', but the subject says '${quoted(context.type)}'` });
  }
  if (envelope.account !== undefined && envelope.account !== context.account) {
    faults.push({
      path: 'account',
      message: `is '${quoted(envelope.account)}', but the token or subject is of '${context.account}'`,
    });
  }
  if (envelope.time && Date.parse(envelope.time) > context.now.getTime() + limits.aheadMs) {
    faults.push({ path: 'time', message: 'lies more than 24 hours ahead' });
  }
  // RFC 3339 knows a year 0 and offsets that reach before it; no database does
  if (envelope.time && Date.parse(envelope.time) < earliest) faults.push({ path: 'time', message: 'lies before the year 1' });
  return faults;
}

function complete(envelope: Omit<Envelope, 'snapshot'>, context: AcceptContext): FarmEvent {
  const row = rowOf(envelope.type)!;
  const known = envelope.printer?.id === undefined ? undefined : context.printer?.(envelope.printer.id);
  const { organization: home, ...registered } = known ?? {};
  const organization = envelope.organization ?? home ?? undefined;
  const printer = known ? { ...registered, ...envelope.printer } : envelope.printer;
  const texts = defaultTexts(row, { ...envelope, printer });
  return {
    id: envelope.id ?? context.newId(),
    type: envelope.type,
    severity: envelope.severity ?? row.severity,
    time: new Date(envelope.time ?? context.now).toISOString(),
    title: envelope.title ?? texts.title,
    message: envelope.message ?? texts.message,
    account: context.account,
    ...(organization !== undefined && { organization }),
    ...(printer && { printer }),
    ...pick(envelope, 'job', 'order', 'maintenance', 'material', 'user', 'link', 'data'),
  };
}

function pick<T extends object, K extends keyof T>(from: T, ...keys: K[]): Pick<T, K> {
  return Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]])) as Pick<T, K>;
}
