import { type FarmEvent, rowOf } from '#contracts';
import { withoutAccessCodes } from './access-codes.js';
import type { Format } from './format.js';
import { snapshotLink } from './snapshot-link.js';
import { isoTime } from './times.js';

/**
 * Printago's webhook body: the event's key in its notification settings, and what it is about in the words of its API
 * (https://docs.printago.io/docs/tools/notifications). Printago publishes the shapes of printer and print job alone.
 */
export const printago: Format = (event, { publicUrl }) => {
  const name = rowOf(event.type)?.vendors.printago;
  return {
    contentType: 'application/json',
    body: {
      event: name ?? event.type,
      timestamp: isoTime(event.time),
      data: {
        // a print job says it all; of what else there is, Printago documents no words
        ...(!(name && isOfJob(event)) && { title: event.title, message: event.message }),
        ...(!name && withoutAccessCodes(event.data)),
        ...(event.printer && { printer: printerOf(event, event.printer) }),
        ...((event.job || isOfJob(event)) && { printJob: printJobOf(event, publicUrl) }),
        ...(event.order && { order: { ...event.order, storeId: event.account } }),
        ...(event.maintenance && { maintenance: maintenanceOf(event, event.maintenance) }),
        ...(event.material && { material: materialOf(event.material) }),
        ...(event.user && { user: userOf(event.user) }),
      },
    },
  };
};

const isOfJob = ({ type }: FarmEvent): boolean => type.startsWith('job.');

/** What an event says of its printer being there. */
const online: Record<string, boolean> = { 'printer.online': true, 'printer.offline': false };

/** Statuses of Printago's print jobs, by what happened to one. */
const statuses: Record<string, string> = {
  'job.queued': 'pending',
  'job.skipped': 'pending',
  'job.submitted': 'waiting-for-approval',
  'job.approved': 'pending',
  'job.rejected': 'cancelled',
  'job.start_failed': 'failed',
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
const underWay = new Set(['printing', 'paused']);

type Part<K extends keyof FarmEvent> = NonNullable<FarmEvent[K]>;

function printerOf({ type, account, job }: FarmEvent, { id, name, model, tags }: Part<'printer'>) {
  const isOnline = online[type];
  return {
    id,
    name: name ?? id,
    // never the access code, which Printago's own metadata hold
    metadata: { name: name ?? id, dev_product_name: model, online: isOnline },
    tags,
    isOnline,
    printingJobId: underWay.has(statuses[type] ?? '') ? job?.id : undefined,
    continuousPrint: type === 'printer.continuous_print_disabled' ? false : undefined,
    storeId: account,
  };
}

function printJobOf(event: FarmEvent, publicUrl: string) {
  const { type, account, time, printer, job, order, snapshot } = event;
  return {
    id: job?.id,
    label: job?.name ?? job?.file,
    partName: job?.name,
    filesToPrint: job?.file === undefined ? undefined : [job.file],
    thumbnailUri: snapshot && snapshotLink(snapshot, publicUrl),
    orderId: order?.id,
    assignedPrinterId: printer?.id,
    status: statuses[type],
    errorMessage: job?.error,
    printingStartedAt: isoTime(job?.started_at ?? (type === 'job.started' ? time : undefined)),
    printingCompletedAt: isoTime(
      type === 'job.cancelled' ? undefined : (job?.ended_at ?? (type === 'job.succeeded' ? time : undefined)),
    ),
    cancelledAt: type === 'job.cancelled' ? isoTime(job?.ended_at ?? time) : undefined,
    storeId: account,
  };
}

/** States of Printago's maintenance. */
const dueStates: Record<string, string> = { 'maintenance.due_soon': 'DUE_SOON', 'maintenance.overdue': 'OVERDUE' };

const maintenanceOf = ({ type, printer }: FarmEvent, { id, task, due_at }: Part<'maintenance'>) => ({
  maintenanceItemId: id,
  itemName: task,
  printerId: printer?.id,
  printerName: printer?.name,
  status: dueStates[type],
  dueAt: isoTime(due_at),
});

const materialOf = ({ id, name, type, color, used_g, remaining_g, remaining_percent }: Part<'material'>) => ({
  id,
  name,
  type,
  color,
  usedGrams: used_g,
  remainingGrams: remaining_g,
  remainingPercent: remaining_percent,
});

const userOf = ({ id, first_name, last_name }: Part<'user'>) => ({ id, firstName: first_name, lastName: last_name });
