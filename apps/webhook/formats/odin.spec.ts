import { z } from 'zod';
import { severities } from '#contracts';
import { bare, context, everyEvent, full, odd, oddTexts, received } from '../samples.js';
import { odin } from './odin.js';

// O.D.I.N.'s documentation, "Generic JSON Payload"
const alert = z.strictObject({
  type: z.string().min(1),
  severity: z.enum(['info', 'warning', 'critical']),
  title: z.string(),
  message: z.string(),
  printer_id: z.int().positive().optional(),
  printer_name: z.string().min(1).optional(),
  timestamp: z.number(),
});
const digest = z.strictObject({
  event: z.literal('quiet_hours_digest'),
  org: z.string().min(1),
  window_ended_at: z.iso.datetime(),
  alert_count: z.int().min(0),
  alerts: z
    .array(
      z.strictObject({
        alert_type: z.string().optional(),
        severity: z.enum(['info', 'warning', 'critical']).optional(),
        title: z.string(),
        created_at: z.iso.datetime().optional(),
      }),
    )
    .max(50),
  truncated: z.int().min(0),
});
const body = (...[event, with_ = context]: [Parameters<typeof odin>[0], typeof context?]) => received(odin(event, with_));

describe('the format odin', () => {
  it("reproduces the documentation's own example", () => {
    const event = bare('job.succeeded', {
      severity: 'info',
      title: 'Print Complete: Benchy (X1C)',
      message: 'Job #142 completed on X1C after 1h 23m.',
      printer: { id: '3', name: 'X1C' },
      time: '2025-02-25T10:40:00.000Z',
    });
    expect(odin(event, context).contentType).toBe('application/json');
    expect(odin(event, context).headers).toBeUndefined();
    expect(body(event)).toEqual({
      type: 'print_complete',
      severity: 'info',
      title: 'Print Complete: Benchy (X1C)',
      message: 'Job #142 completed on X1C after 1h 23m.',
      printer_id: 3,
      printer_name: 'X1C',
      timestamp: 1740480000.0,
    });
  });

  it('writes the same texts from the same facts, and parts of a second', () => {
    const printed = full('job.succeeded', {
      printer: { id: '3', name: 'X1C' },
    });
    expect(body(printed)).toMatchObject({
      title: 'Print Complete: Benchy (X1C)',
      message: 'Job #142 completed on X1C after 1h 23m.',
      severity: 'info',
      timestamp: 1772366400.25,
    });
  });

  it.each([
    ['job.failed', 'print_failed', 'critical'],
    ['job.cancelled', 'print_cancelled', 'warning'],
    ['printer.hms_error', 'printer_error', 'critical'],
    ['printer.filament_change_required', 'filament_runout', 'warning'],
    ['detection.spaghetti', 'spaghetti_detected', 'critical'],
    ['channel.test', 'test', 'info'],
    ['printer.online', 'printer.online', 'info'],
    ['custom.door', 'custom.door', 'info'],
  ])('calls %s %s', (type, name, severity) => expect(body(bare(type))).toMatchObject({ type: name, severity }));

  it('knows three severities', () => {
    expect(severities.map((severity) => body(bare('custom.door', { severity })).severity)).toEqual([
      'info',
      'info',
      'warning',
      'critical',
      'critical',
    ]);
  });

  it('has the documented keys and types for every type, with all facts and with none', () => {
    for (const event of [...everyEvent, ...oddTexts.map(odd)]) {
      const shape = event.type === 'channel.digest' ? digest : alert;
      expect([event.type, shape.safeParse(body(event)).error?.issues]).toEqual([event.type, undefined]);
    }
  });

  it('leaves out the printer where there is none', () => {
    expect(Object.keys(body(bare('order.closed')))).toEqual(['type', 'severity', 'title', 'message', 'timestamp']);
  });
});

describe("odin's digest of quiet hours", () => {
  const types = { 'job.failed': 1, 'printer.offline': 1, 'custom.door': 1 };
  const digestOf = (data: Record<string, unknown>, organization?: string) =>
    body(bare('channel.digest', { data, organization, time: '2026-03-01T07:00:00.000Z' }));

  it('lists what is told of each notification', () => {
    const alerts = [
      { type: 'job.failed', severity: 'error', title: 'Print Failed: Benchy', time: '2026-03-01T02:00:00.000Z' },
      { type: 'custom.door', severity: 'success', title: 'Door shut', time: '2026-03-01T03:00:00.000Z' },
    ];
    expect(digestOf({ count: 2, types, lines: ['x', 'y'], alerts }, 'School 1')).toEqual({
      event: 'quiet_hours_digest',
      org: 'School 1',
      window_ended_at: '2026-03-01T07:00:00.000Z',
      alert_count: 2,
      alerts: [
        {
          alert_type: 'print_failed',
          severity: 'critical',
          title: 'Print Failed: Benchy',
          created_at: '2026-03-01T02:00:00.000Z',
        },
        { alert_type: 'custom.door', severity: 'info', title: 'Door shut', created_at: '2026-03-01T03:00:00.000Z' },
      ],
      truncated: 0,
    });
  });

  it('reads the kinds from the lines where there is no more', () => {
    const lines = ['Print Failed: Benchy (X1C)', 'Printer Offline: X1C', 'The door of room 2 is open'];
    expect(digestOf({ count: 40, types, lines })).toMatchObject({
      org: 'default',
      alert_count: 40,
      alerts: [
        { alert_type: 'print_failed', severity: 'critical', title: lines[0] },
        { alert_type: 'printer.offline', severity: 'warning', title: lines[1] },
        { title: lines[2] },
      ],
      truncated: 37,
    });
    const only = digestOf({ count: 1, types: { 'job.failed': 1 }, lines: ['Oh no'] });
    expect(only.alerts).toEqual([{ alert_type: 'print_failed', severity: 'critical', title: 'Oh no' }]);
  });

  it('lists fifty at most and counts the rest', () => {
    const lines = Array.from({ length: 60 }, (_, n) => `Print Failed: ${n}`);
    const told = digestOf({ count: 80, types, lines });
    expect([told.alerts.length, told.alert_count, told.truncated]).toEqual([50, 80, 30]);
  });

  it.each([[{}], [{ count: -1, lines: 'x', types: 7 }], [{ count: 'many', lines: [1, null], alerts: [null, {}, { type: 1 }] }]])(
    'of %j is empty',
    (data) => expect(digestOf(data)).toMatchObject({ alert_count: 0, alerts: [], truncated: 0 }),
  );
});
