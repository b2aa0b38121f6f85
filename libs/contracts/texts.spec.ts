import { type CatalogueRow, catalogue, defaultTexts, duration, type Envelope, limits, rowOf } from './index.js';

const full: Omit<Envelope, 'type'> = {
  printer: { id: 'p1', name: 'X1C', model: 'Bambu X1C', tags: ['pla'], location: 'Hall' },
  job: {
    id: '142',
    name: 'Benchy',
    file: 'benchy.3mf',
    progress: 42.4,
    duration_s: 4980,
    remaining_s: 600,
    layer: 3,
    layers: 90,
    z_mm: 0.6,
    error: 'Nozzle clogged.',
    error_code: '0300-1234',
    external: true,
  },
  order: { id: 'o1', number: 'A7', source: 'the shop', total: 9.9 },
  maintenance: { id: 'm1', task: 'Grease the rods', due_at: '2026-03-02T00:00:00Z' },
  material: { id: 's1', name: 'PLA Basic', type: 'PLA', color: '#fff', used_g: 12.5, remaining_g: 80, remaining_percent: 8 },
  user: { id: 'u1', first_name: 'Ada', last_name: 'Lovelace' },
  data: { channel_name: 'Ops', channel_id: 'c1', count: 7, reason: 'gone' },
};
const texts = (type: string, event: Omit<Envelope, 'type'> = full) => defaultTexts(rowOf(type)!, { ...event, type });

describe.each(catalogue.map((row): [string, CatalogueRow] => [row.type, row]))('%s', (type, row) => {
  it.each<[string, Omit<Envelope, 'type'>]>([
    ['all data', full],
    ['no data', {}],
    [
      'ids alone',
      { printer: { id: 'p1' }, job: { id: '1' }, order: { id: 'o1' }, user: { id: 'u1' }, material: { type: 'PLA' } },
    ],
    ['empty objects', { printer: {}, job: {}, order: {}, maintenance: {}, material: {}, user: {}, data: {} }],
  ])('reads well with %s', (_, event) => {
    const { title, message } = texts(type, event);
    for (const text of [title, message]) {
      expect(text).toMatch(/^[\p{Lu}\d]/u);
      expect(text).not.toMatch(/undefined|null|NaN|object|[{}]| {2}| $|\(\)| \.|,\.|:\.|::/);
    }
    expect(title).not.toMatch(/[.:]$/);
    expect(title.startsWith(row.label)).toBe(true);
    expect(message).toMatch(/[^.]\.$/);
  });
});

describe('default texts', () => {
  it.each([
    ['job.succeeded', 'Print Complete: Benchy (X1C)', 'Job #142 completed on X1C after 1h 23m.'],
    ['job.failed', 'Print Failed: Benchy (X1C)', 'Job #142 failed on X1C at 42 % after 1h 23m: Nozzle clogged (0300-1234).'],
    ['job.started', 'Print Started: Benchy (X1C)', 'Job #142 started on X1C, about 10m left.'],
    ['printer.offline', 'Printer Offline: X1C', 'X1C is offline during job #142.'],
    ['order.created_retail', 'Order Received: #A7 (X1C)', 'Order #A7 came in from the shop.'],
    ['maintenance.overdue', 'Maintenance Overdue: Grease the rods (X1C)', 'Grease the rods on X1C is overdue (2026-03-02).'],
    ['material.spool_low', 'Spool Low: PLA Basic (X1C)', 'PLA Basic is running low on X1C: 80 g, 8 % left.'],
    ['material.usage_recorded', 'Material Usage Recorded: PLA Basic (X1C)', '12.5 g of PLA Basic recorded on X1C.'],
    ['filament.assigned', 'Filament Assigned: PLA Basic (X1C)', 'PLA Basic was assigned to X1C by Ada Lovelace.'],
    ['balance.charged', 'Balance Charged: X1C', 'The balance of Ada Lovelace was charged.'],
    ['channel.digest', 'Quiet Hours Digest: Ops (X1C)', '7 events during quiet hours.'],
  ])('%s', (type, title, message) => expect(texts(type)).toEqual({ title, message }));

  it('ends with one full stop when the error does', () => {
    expect(texts('job.failed', { job: { error: 'Clogged.' } }).message).toBe('A job failed: Clogged.');
    expect(texts('job.failed', { job: { error_code: 'E7' } }).message).toBe('A job failed: E7.');
  });

  it('stays within the bounds of title and message', () => {
    const name = '🖨'.repeat(300);
    const made = texts('job.failed', { printer: { name }, job: { name, error: '🖨'.repeat(8000) } });
    expect([...made.title]).toHaveLength(limits.title);
    expect([...made.message]).toHaveLength(limits.message);
    expect(made.title.isWellFormed() && made.message.isWellFormed()).toBe(true);
    expect(made.title.endsWith('…') && made.message.endsWith('…')).toBe(true);
  });

  it('leaves words in braces that a name brings alone', () => {
    expect(texts('printer.online', { printer: { name: '{job} $& $1' } }).message).toBe('{job} $& $1 is online.');
  });
});

it.each([
  [0, '0s'],
  [45.4, '45s'],
  [59.6, '1m'],
  [60, '1m'],
  [3599, '59m'],
  [3600, '1h'],
  [4980, '1h 23m'],
  [86_399, '23h 59m'],
  [86_400, '1d'],
  [187_200, '2d 4h'],
])('%d seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));
