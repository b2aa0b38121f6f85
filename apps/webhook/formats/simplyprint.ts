import { categoryOf, type FarmEvent, rowOf } from '#contracts';
import { withoutAccessCodes } from './access-codes.js';
import type { Format } from './format.js';
import { numericId } from './numeric-id.js';
import type { Pages } from './page-link.js';
import {
  failuresOf,
  filamentOf,
  jobOf,
  maintenanceJobOf,
  printerOf,
  problemOf,
  queueItemOf,
  textOf,
  userOf,
} from './simplyprint-shapes.js';
import { snapshotLink } from './snapshot-link.js';
import { isoTime, unixTime } from './times.js';

/**
 * SimplyPrint's webhook body. Its help page names the secret's header X-SP-Token, its official integrations read X-SP-Secret:
 * both carry it. https://help.simplyprint.io/en/article/all-about-the-webhooks-feature-1g12e5c/
 */
export const simplyprint: Format = (event, { publicUrl, page, channel, settings: { secret } }) => {
  const name = nameOf(event);
  return {
    contentType: 'application/json',
    headers: secret ? { 'x-sp-token': secret, 'x-sp-secret': secret } : undefined,
    body: {
      // SimplyPrint's samples are of webhook 0
      webhook_id: channel === undefined ? 0 : numericId(event.account, 'channel', channel),
      event: name ?? event.type,
      timestamp: unixTime(event.time),
      data: (published[name ?? ''] ?? unpublished)(event, { publicUrl, page }),
    },
  };
};

const nameOf = ({ type }: FarmEvent): string | undefined => rowOf(type)?.vendors.simplyprint;

type Data = (event: FarmEvent, pages: Pages) => Record<string, unknown>;

const jobAlone: Data = (event, pages) => ({ job: jobOf(event, pages) });
const queueItem: Data = (event) => ({ queue_item: queueItemOf(event), user: userOf(event) });

/** The events whose data SimplyPrint has published a shape of, by its names, where they come from Farmbell's own types. */
const published: Record<string, Data> = {
  'job.started': (event, pages) => ({ job: jobOf(event, pages), user: userOf(event), started_by: userOf(event) }),
  'job.paused': jobAlone,
  'job.resumed': jobAlone,
  'job.done': jobAlone,
  'job.failed': jobAlone,
  'job.cancelled': (event, pages) => ({ job: jobOf(event, pages), user: userOf(event) }),
  'queue.add_item': queueItem,
  'queue.item_pending_approval': queueItem,
  'queue.item_approved': (event) => ({ queue_item: queueItemOf(event), approved_by: userOf(event) }),
  'queue.item_denied': (event) => ({
    queue_item: queueItemOf(event),
    denied_by: userOf(event),
    reason: textOf(event.data?.reason) ?? textOf(event.job?.error),
    removed: typeof event.data?.removed === 'boolean' ? event.data.removed : undefined,
  }),
  'printer.ai_failure_detected': (event, pages) => ({
    job: jobOf(event, pages),
    image: event.snapshot && snapshotLink(event.snapshot, pages.publicUrl),
    failures: failuresOf(event),
  }),
  'maintenance.job_overdue': (event) => ({
    job: maintenanceJobOf(event),
    printer: printerOf(event),
    scheduled_date: isoTime(event.maintenance?.due_at),
  }),
};

/**
 * All others: the publisher's data as it is, with what SimplyPrint has a shape of added where it lacks that. Of a type that
 * SimplyPrint does not have, the texts say what happened.
 */
function unpublished(event: FarmEvent, pages: Pages): Record<string, unknown> {
  return {
    ...(!nameOf(event) && { title: event.title, message: event.message }),
    user: userOf(event),
    printer: printerOf(event),
    ...aboutOf(event, pages),
    ...withoutAccessCodes(event.data),
  };
}

function aboutOf(event: FarmEvent, pages: Pages): Record<string, unknown> {
  const { type, job, maintenance, material } = event;
  const category = categoryOf(type);
  // in SimplyPrint's maintenance events, a job is one of maintenance
  if (category === 'maintenance')
    return {
      job: maintenance && maintenanceJobOf(event),
      problem: type.startsWith('maintenance.problem_') ? problemOf(event) : undefined,
    };
  return {
    job: job || category === 'job' ? jobOf(event, pages) : undefined,
    queue_item: job && category === 'queue' ? queueItemOf(event) : undefined,
    filament: material && filamentOf(event),
    replaced_spool: type === 'filament.assigned' ? null : undefined,
  };
}
