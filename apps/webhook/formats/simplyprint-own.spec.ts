import { bare, context, everyType, full, received } from '../samples.js';
import { simplyprint } from './simplyprint.js';

const dataOf = (event: Parameters<typeof simplyprint>[0]) => received(simplyprint(event, context)).data;
const own = everyType.filter((type) =>
  /^(queue|filament|balance|quota|organization)\.|^maintenance\.(job|problem|low|task|schedule|spare|stock)_/.test(type),
);

describe("simplyprint: SimplyPrint's own events", () => {
  it.each(own)('%s passes its data through, with user, printer and job added', (type) => {
    const data = dataOf(full(type, { data: { amount: 12.5, item: { left: 2, tags: ['a', null] }, none: null } }));
    expect(data).toMatchObject({
      amount: 12.5,
      item: { left: 2, tags: ['a', null] },
      none: null,
      user: { id: expect.any(Number), first_name: 'Ada', last_name: 'Byron' },
      printer: { id: expect.any(Number), name: 'X1C' },
      job: { id: expect.any(Number) },
    });
    expect(data).not.toHaveProperty('title');
  });

  it("keep what the publisher says in SimplyPrint's own shapes", () => {
    const said = { job: { id: 456, cost: 0.42 }, user: { id: 7, sso: true }, printer: { id: 123, name: 'MK4' } };
    expect(dataOf(full('balance.charged', { data: said }))).toMatchObject(said);
  });

  it('tell queue items, filaments and problems as SimplyPrint does', () => {
    expect(dataOf(full('queue.move_item'))).toMatchObject({ queue_item: { id: 142, filename: 'benchy_v2.gcode.3mf' } });
    expect(dataOf(full('filament.assigned'))).toMatchObject({
      filament: {
        id: expect.any(Number),
        uid: 's-3',
        type: { id: expect.any(Number), name: 'PETG' },
        colorName: 'Galaxy Black',
        colorHex: '#101010',
      },
      replaced_spool: null,
    });
    expect(dataOf(full('filament.create', { material: { id: '55', color: 'red' } })).filament).toEqual({
      id: 55,
      uid: '55',
      colorName: 'red',
    });
    expect(dataOf(full('maintenance.problem_reported')).problem).toMatchObject({
      printer_name: 'X1C',
      reported_by: { name: 'Ada Byron' },
      print_job_id: 142,
      description: 'Wrong material',
      status: 'open',
      resolved_at: null,
      created_at: '2026-03-01T12:00:00.250Z',
    });
    expect(dataOf(bare('maintenance.problem_resolved')).problem).toMatchObject({
      status: 'resolved',
      resolved_at: '2026-03-01T12:00:00.250Z',
    });
  });

  it.each([
    ['maintenance.job_created', { created_by: { id: expect.any(Number), name: 'Ada Byron' } }],
    ['maintenance.job_started', { status: 'in_progress', started_at: '2026-03-01T12:00:00.250Z' }],
    ['maintenance.job_completed', { status: 'completed', completed_at: '2026-03-01T12:00:00.250Z' }],
    ['maintenance.job_cancelled', { status: 'cancelled', cancelled_at: '2026-03-01T12:00:00.250Z' }],
  ])('%s has a job of maintenance, not of printing', (type, known) =>
    expect(dataOf(full(type)).job).toEqual({
      id: expect.any(Number),
      printer_id: expect.any(Number),
      printer_name: 'X1C',
      title: 'Grease the rails',
      scheduled_date: '2026-03-02T00:00:00.000Z',
      ...known,
    }),
  );

  it('without a published shape say what changed in the words of the publisher', () => {
    expect(dataOf(bare('printer.autoprint_changed', { printer: { id: '9' }, data: { enabled: true } }))).toEqual({
      enabled: true,
      printer: { id: 9, name: '9' },
    });
    expect(dataOf(full('job.objects_skipped', { data: { skippedObjects: [{ id: 3 }] } })).job).toMatchObject({
      state: 'printing',
      skippedObjects: [{ id: 3 }],
    });
  });
});

describe('simplyprint: what SimplyPrint does not have', () => {
  it('comes under its own name, with its texts', () => {
    const event = bare('printer.online', { printer: { id: '9', name: 'X1C' }, title: 'Printer Online: X1C' });
    expect(received(simplyprint(event, context))).toMatchObject({
      event: 'printer.online',
      data: { title: 'Printer Online: X1C', message: expect.any(String), printer: { id: 9, name: 'X1C' } },
    });
  });

  it('tells a digest with its lines', () => {
    const data = { count: 2, types: { 'job.failed': 2 }, lines: ['Print Failed: Benchy', 'Print Failed: Vase'] };
    expect(dataOf(bare('channel.digest', { data }))).toMatchObject(data);
  });
});
