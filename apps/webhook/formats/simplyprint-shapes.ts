import type { FarmEvent } from '#contracts';
import { numericId } from './numeric-id.js';
import { type Pages, pageLink } from './page-link.js';
import { printId, printUuid } from './print-id.js';
import { isoTime, unixTime } from './times.js';

/**
 * What SimplyPrint's events are about, in its shapes: those of its help page, and of the samples in its official integrations
 * (https://github.com/SimplyPrint/simplyprint-activepieces, src/lib/triggers/_samples.ts).
 */

/** The number of what has this id; of what has none, by its name, else its event's own. */
const idOf = ({ account, id }: FarmEvent, kind: string, ...names: (string | undefined)[]): number =>
  numericId(account, kind, names.find(Boolean) ?? `event/${id}`);

const printerId = (event: FarmEvent): number | undefined =>
  event.printer?.id || event.printer?.name ? idOf(event, 'printer', event.printer.id, event.printer.name) : undefined;
const printerName = ({ printer }: FarmEvent): string | undefined => printer?.name || printer?.id || undefined;

/** The short form. */
export function printerOf(event: FarmEvent) {
  const id = printerId(event);
  return id === undefined ? undefined : { id, name: printerName(event) };
}

const fullName = ({ user }: FarmEvent): string | undefined =>
  [user?.first_name, user?.last_name].filter(Boolean).join(' ') || undefined;
const userId = (event: FarmEvent): number | undefined =>
  event.user?.id || fullName(event) ? idOf(event, 'user', event.user?.id, fullName(event)) : undefined;

export function userOf(event: FarmEvent) {
  const id = userId(event);
  return id === undefined ? undefined : { id, first_name: event.user?.first_name, last_name: event.user?.last_name };
}

/** Somebody in the short form. */
function personOf(event: FarmEvent) {
  const id = userId(event);
  return id === undefined ? undefined : { id, name: fullName(event) };
}

const states: Record<string, string> = {
  'job.started': 'printing',
  'job.progress': 'printing',
  'job.first_layer_completed': 'printing',
  'job.third_layer_completed': 'printing',
  'job.objects_skipped': 'printing',
  'job.paused': 'paused',
  'job.resumed': 'printing',
  'job.succeeded': 'completed',
  'job.failed': 'failed',
  'job.cancelled': 'cancelled',
  'detection.paused_print': 'paused',
};
const ends = new Set(['job.succeeded', 'job.failed', 'job.cancelled']);

/** A print: what ended or is left is null where there is none. */
export function jobOf(event: FarmEvent, pages: Pages) {
  const { type, account, time, job, data } = event;
  const print = printId(event) ?? `event/${event.id}`;
  const started = unixTime(job?.started_at ?? (type === 'job.started' ? time : undefined));
  const ended = unixTime(job?.ended_at ?? (ends.has(type) ? time : undefined));
  const took = started === undefined || ended === undefined || ended < started ? undefined : ended - started;
  const printer = printerOf(event);
  return {
    id: numericId(account, 'job', print),
    uid: printUuid(account, print),
    panel_url: pageLink(event, pages),
    printer_id: printer?.id,
    state: states[type],
    file: job?.file || job?.name || undefined,
    percentage: job?.progress === undefined ? undefined : Math.floor(job.progress),
    time_left: job?.remaining_s === undefined ? null : Math.round(job.remaining_s),
    current_layer: job?.layer,
    analysis: analysisOf(event),
    started,
    ended: ended ?? null,
    printer: printer && { ...printer, group: null },
    duration: job?.duration_s === undefined ? took : Math.round(job.duration_s),
    skippedObjects: Array.isArray(data?.skippedObjects) ? data.skippedObjects : undefined,
  };
}

function analysisOf({ type, job }: FarmEvent) {
  const { duration_s, remaining_s, layers } = job ?? {};
  const estimate =
    duration_s === undefined || remaining_s === undefined || ends.has(type) ? undefined : Math.round(duration_s + remaining_s);
  return estimate === undefined && layers === undefined ? undefined : { estimate, totalLayers: layers };
}

/** What waits to be printed. */
export function queueItemOf(event: FarmEvent) {
  const { account, type, time, job } = event;
  const printer = printerId(event);
  return {
    id: numericId(account, 'queue_item', printId(event) ?? `event/${event.id}`),
    filename: job?.file || job?.name || undefined,
    for: { printers: printer === undefined ? null : [printer], models: null, groups: null },
    added: type === 'job.queued' || type === 'job.submitted' ? isoTime(time) : undefined,
    user: fullName(event),
    user_id: userId(event),
  };
}

export function filamentOf(event: FarmEvent) {
  const { id, name, type, color } = event.material ?? {};
  const isHex = color !== undefined && /^#?[\da-f]{6}$/i.test(color);
  return {
    id: idOf(event, 'filament', id, name),
    uid: id || undefined,
    type: type ? { id: idOf(event, 'filament_type', type), name: type } : undefined,
    colorName: name || (isHex ? undefined : color) || undefined,
    colorHex: isHex ? `#${color.replace('#', '')}` : undefined,
  };
}

/** What is known of a maintenance job by what happened to it: its state, and the time that this adds. */
const maintained: Record<string, [status?: string, time?: 'started_at' | 'completed_at' | 'cancelled_at']> = {
  'maintenance.overdue': ['overdue'],
  'maintenance.job_started': ['in_progress', 'started_at'],
  'maintenance.job_completed': ['completed', 'completed_at'],
  'maintenance.job_cancelled': ['cancelled', 'cancelled_at'],
};

export function maintenanceJobOf(event: FarmEvent) {
  const { type, time, maintenance } = event;
  const [status, at] = maintained[type] ?? [];
  return {
    id: idOf(event, 'maintenance_job', maintenance?.id, maintenance?.task),
    printer_id: printerId(event),
    printer_name: printerName(event),
    created_by: type === 'maintenance.job_created' ? personOf(event) : undefined,
    title: maintenance?.task,
    status,
    scheduled_date: isoTime(maintenance?.due_at),
    ...(at && { [at]: isoTime(time) }),
  };
}

export function problemOf(event: FarmEvent) {
  const { type, account, time, job, data } = event;
  const reported = type === 'maintenance.problem_reported';
  return {
    id: idOf(event, 'maintenance_problem', event.maintenance?.id),
    printer_id: printerId(event),
    printer_name: printerName(event),
    reported_by: reported ? personOf(event) : undefined,
    print_job_id: job?.id ? numericId(account, 'job', job.id) : null,
    description: textOf(data?.description) ?? textOf(data?.reason),
    status: reported ? 'open' : 'resolved',
    resolved_at: reported ? null : isoTime(time),
    created_at: reported ? isoTime(time) : undefined,
  };
}

/** What a detection saw: what the publisher tells in these words, else the kind that the event's type names. */
export function failuresOf({ type, data }: FarmEvent) {
  const told = Array.isArray(data?.failures) ? data.failures.filter(isFailure) : [];
  if (told.length > 0) return told.map(({ confidence, type }) => ({ confidence, type }));
  const confidence = typeof data?.confidence === 'number' ? data.confidence : undefined;
  return [{ confidence, type: type.slice('detection.'.length) }];
}

const isFailure = (value: unknown): value is { confidence: number; type: string } => {
  const { confidence, type } = (value ?? {}) as Record<string, unknown>;
  return typeof confidence === 'number' && typeof type === 'string';
};

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined);
