import { z } from 'zod';
import { rowOf } from '#contracts';
import { bare, context, everyEvent, everyType, full, odd, oddTexts, received, tellsAccessCode } from '../samples.js';
import { simplyprint } from './simplyprint.js';

const id = z.int().positive();
const user = z.strictObject({ id, first_name: z.string().optional(), last_name: z.string().optional() });
const printer = z.strictObject({ id, name: z.string() });
// the help page's example and the samples of the official integrations
const job = z.strictObject({
  id,
  uid: z.uuid(),
  panel_url: z.url(),
  printer_id: id.optional(),
  state: z.enum(['printing', 'paused', 'completed', 'failed', 'cancelled']).optional(),
  file: z.string().optional(),
  percentage: z.int().min(0).max(100).optional(),
  time_left: z.int().nullable(),
  current_layer: z.int().optional(),
  analysis: z.strictObject({ estimate: z.int().optional(), totalLayers: z.int().optional() }).optional(),
  started: z.int().optional(),
  ended: z.int().nullable(),
  printer: printer.extend({ group: z.null() }).optional(),
  duration: z.int().optional(),
  skippedObjects: z.array(z.unknown()).optional(),
});
const queue_item = z.strictObject({
  id,
  filename: z.string().optional(),
  for: z.strictObject({ printers: z.array(id).nullable(), models: z.null(), groups: z.null() }),
  added: z.iso.datetime().optional(),
  user: z.string().optional(),
  user_id: id.optional(),
});
const maintenanceJob = z.strictObject({
  id,
  printer_id: id.optional(),
  printer_name: z.string().optional(),
  title: z.string().optional(),
  status: z.literal('overdue'),
  scheduled_date: z.iso.datetime().optional(),
});
const failures = z.array(z.strictObject({ confidence: z.number().optional(), type: z.string() })).min(1);
/** The data of the events that SimplyPrint has published, by its names. */
const published: Record<string, z.ZodType> = {
  'job.started': z.strictObject({ job, user: user.optional(), started_by: user.optional() }),
  'job.paused': z.strictObject({ job }),
  'job.resumed': z.strictObject({ job }),
  'job.done': z.strictObject({ job }),
  'job.failed': z.strictObject({ job }),
  'job.cancelled': z.strictObject({ job, user: user.optional() }),
  'queue.add_item': z.strictObject({ queue_item, user: user.optional() }),
  'queue.item_pending_approval': z.strictObject({ queue_item, user: user.optional() }),
  'queue.item_approved': z.strictObject({ queue_item, approved_by: user.optional() }),
  'queue.item_denied': z.strictObject({
    queue_item,
    denied_by: user.optional(),
    reason: z.string().optional(),
    removed: z.boolean().optional(),
  }),
  'printer.ai_failure_detected': z.strictObject({ job, image: z.url().optional(), failures }),
  'maintenance.job_overdue': z.strictObject({
    job: maintenanceJob,
    printer: printer.optional(),
    scheduled_date: z.iso.datetime().optional(),
  }),
};
const maintenance = [
  'job_created job_updated job_started job_completed job_cancelled job_reopened job_overdue job_deleted problem_reported',
  'problem_resolved low_stock task_completed task_skipped schedule_created schedule_updated schedule_deleted',
  'spare_part_created spare_part_updated spare_part_deleted stock_adjusted',
];
/** As the back end's list in SimplyPrint's n8n node has them. */
const names = Object.entries({
  job: 'started paused resumed cancelled done failed bed_cleared objects_skipped',
  printer:
    'autoprint_state_changed nozzle_size_changed material_changed custom_tag_assigned custom_tag_detached out_of_order_state_changed ai_state_changed ai_failure_detected ai_failure_false_positive autoprint_max_cycles',
  company: 'autoprint_state_changed',
  organization: 'user_signup user_pending',
  queue: 'add_item delete_item empty_queue move_item revive_item item_pending_approval item_approved item_denied',
  filament: 'create update delete assigned unassigned',
  balance: 'charged refunded topped_up adjusted',
  quota: 'request_new request_resolved adjusted reset',
  maintenance: maintenance.join(' '),
})
  .flatMap(([category, list]) => list.split(' ').map((name) => `${category}.${name}`))
  .concat('test');
const body = (event: Parameters<typeof simplyprint>[0], over: Partial<typeof context> = {}) =>
  received(simplyprint(event, { ...context, ...over }));

describe('the format simplyprint', () => {
  it("reproduces the help page's own example", () => {
    const event = bare('job.started', {
      time: '2023-12-15T16:54:34.000Z',
      job: { id: '123456' },
      user: { id: '1234', first_name: 'John', last_name: 'Doe' },
    });
    const user = { id: 1234, first_name: 'John', last_name: 'Doe' };
    expect(simplyprint(event, context).contentType).toBe('application/json');
    expect(body(event)).toEqual({
      webhook_id: 123,
      event: 'job.started',
      timestamp: 1702659274,
      data: {
        job: {
          id: 123456,
          uid: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
          panel_url: 'https://farmbell.example.org/e/x.y',
          state: 'printing',
          time_left: null,
          started: 1702659274,
          ended: null,
        },
        user,
        started_by: user,
      },
    });
    const uid = '73a90bde-829e-4b7f-ab2b-7be475633144';
    expect(body({ ...event, job: { id: uid } }).data.job).toMatchObject({ uid, id: expect.any(Number) });
  });

  it('tells a print that ended, in whole numbers', () => {
    expect(body(full('job.succeeded')).data.job).toEqual({
      id: 142,
      uid: expect.any(String),
      panel_url: 'https://farm.example.org/jobs/142',
      printer_id: expect.any(Number),
      state: 'completed',
      file: 'benchy_v2.gcode.3mf',
      percentage: 42,
      time_left: 1801,
      current_layer: 84,
      analysis: { totalLayers: 200 },
      started: 1772361420,
      ended: 1772366400,
      printer: { id: expect.any(Number), name: 'X1C', group: null },
      duration: 4980,
    });
    expect(body(full('job.paused')).data.job).toMatchObject({ analysis: { estimate: 6781, totalLayers: 200 }, ended: null });
    const timed = bare('job.failed', { job: { started_at: '2026-03-01T11:59:00Z' } });
    expect(body(timed).data.job).toMatchObject({ duration: 60, ended: 1772366400 });
  });

  it('sends the secret in both headers, and no header without', () => {
    expect(simplyprint(bare('channel.test'), { ...context, settings: { secret: 's3cret' } }).headers).toEqual({
      'x-sp-token': 's3cret',
      'x-sp-secret': 's3cret',
    });
    expect(simplyprint(bare('channel.test'), context).headers).toBeUndefined();
  });

  it("numbers the webhook by its channel, and samples by SimplyPrint's 0", () => {
    const numbered = (channel?: string) => body(bare('channel.test'), { channel }).webhook_id;
    expect(id.safeParse(numbered('0195f7a0c0de')).success).toBe(true);
    expect([numbered('123'), numbered(undefined)]).toEqual([123, 0]);
    expect(numbered('c-1')).not.toBe(numbered('c-2'));
  });

  it('denies with the reason, and whether the item is gone', () => {
    expect(body(full('job.rejected')).data).toMatchObject({
      queue_item: { id: 142, filename: 'benchy_v2.gcode.3mf', user: 'Ada Byron' },
      denied_by: { first_name: 'Ada' },
      reason: 'Wrong material',
      removed: false,
    });
  });

  it.each([
    ['detection.spaghetti', {}, [{ type: 'spaghetti' }]],
    ['detection.first_layer', { confidence: 0.7 }, [{ confidence: 0.7, type: 'first_layer' }]],
    ['detection.detachment', { failures: [{ confidence: 0.9, type: 'blob' }, 'x', {}] }, [{ confidence: 0.9, type: 'blob' }]],
    ['detection.detachment', { failures: 'x' }, [{ type: 'detachment' }]],
  ])('tells what %s saw from %j', (type, data, failures) => {
    const event = bare(type, { data, snapshot: { url: 'https://pictures.example.org/1.jpg' } });
    expect(body(event).data).toMatchObject({ failures, image: 'https://pictures.example.org/1.jpg', job: { ended: null } });
  });

  it('has the published shapes for every type, with all facts and with none', () => {
    const envelope = { webhook_id: z.literal(123), event: z.string().min(1), timestamp: z.int() };
    const seen = new Set<string>();
    for (const event of [...everyEvent, ...oddTexts.map(odd)]) {
      const name = rowOf(event.type)?.vendors.simplyprint;
      const told = body(event);
      const data = published[name ?? ''] ?? z.looseObject({ user: user.optional(), printer: printer.optional() });
      const { error } = z.strictObject({ ...envelope, data }).safeParse(told);
      expect([event.type, error?.issues, tellsAccessCode(told)]).toEqual([event.type, undefined, false]);
      expect(told.event).toBe(name ?? event.type);
      if (name && published[name]) seen.add(name);
    }
    expect([...seen].sort()).toEqual(Object.keys(published).sort());
  });

  it('speaks every name that SimplyPrint has', () => {
    const used = new Set(everyType.map((type) => body(bare(type)).event));
    expect(names.filter((name) => !used.has(name))).toEqual([]);
  });
});
