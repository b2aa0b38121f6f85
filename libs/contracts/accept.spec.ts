import { type AcceptContext, accept, type FarmEvent } from './index.js';

const now = new Date('2026-03-01T12:00:00Z');
const context: AcceptContext = { account: 'default', now, newId: () => 'made' };
const take = (input: unknown, more: Partial<AcceptContext> = {}) => accept(input, { ...context, ...more });
const event = (input: object, more: Partial<AcceptContext> = {}): FarmEvent => {
  const accepted = take({ type: 'job.started', ...input }, more);
  if ('errors' in accepted) throw new Error(JSON.stringify(accepted.errors));
  return accepted.event;
};
/** The paths of the faults; empty: accepted. */
const faults = (input: object, more: Partial<AcceptContext> = {}): string[] => {
  const accepted = take({ type: 'job.started', ...input }, more);
  return 'errors' in accepted ? accepted.errors.map((fault) => fault.path) : [];
};

describe('what accept() completes', () => {
  it('reads like the documented example', () => {
    const made = event({
      type: 'job.succeeded',
      printer: { name: 'X1C' },
      job: { id: '142', name: 'Benchy', duration_s: 4980 },
    });
    expect(made.title).toBe('Print Complete: Benchy (X1C)');
    expect(made.message).toBe('Job #142 completed on X1C after 1h 23m.');
  });

  it('fills id, time, severity, account and texts', () => {
    expect(take({ type: 'job.failed' })).toEqual({
      event: {
        id: 'made',
        type: 'job.failed',
        severity: 'error',
        time: '2026-03-01T12:00:00.000Z',
        title: 'Print Failed',
        message: 'A job failed.',
        account: 'default',
      },
      snapshot: undefined,
      idGiven: false,
    });
  });

  it('keeps what the publisher gave', () => {
    const given = {
      id: 'A-z0.9_:',
      type: 'job.failed',
      severity: 'critical',
      time: '1999-12-31T23:59:59.000Z',
      title: 'T',
      message: 'M',
      account: 'default',
      organization: 'o1',
      printer: { id: 'p', name: 'n', model: 'm', tags: ['a'], location: 'l' },
      job: { id: '1', progress: 12.5, layer: 3, z_mm: -0.2, external: true, started_at: '2026-03-01T10:00:00+02:00' },
      order: { id: '1', number: 'A7', source: 'shop', total: 9.9 },
      maintenance: { id: '1', task: 'grease', due_at: '2026-03-02T00:00:00Z' },
      material: { id: '1', name: 'PLA', used_g: 1.5, remaining_percent: 100 },
      user: { id: '1', first_name: 'A', last_name: 'B' },
      link: 'https://farm.example/1',
      data: { any: [1, { thing: null }] },
    };
    expect(take(given)).toEqual({ event: given, snapshot: undefined, idGiven: true });
  });

  it('hands the snapshot back apart', () => {
    const snapshot = { content_type: 'image/png', base64: 'AAAA' };
    const accepted = take({ type: 'job.started', snapshot });
    expect(accepted).toMatchObject({ snapshot });
    expect(accepted).not.toHaveProperty('event.snapshot');
  });

  it('fills a printer from its registration, and lets the publisher overrule it', () => {
    const registered = { id: 'p1', name: 'Left', model: 'X1C', tags: ['pla'], location: 'Hall', organization: 'school' };
    const printer = (id: string) => (id === 'p1' ? registered : undefined);
    const made = event({ printer: { id: 'p1', name: 'Mine' } }, { printer });
    expect(made.printer).toEqual({ id: 'p1', name: 'Mine', model: 'X1C', tags: ['pla'], location: 'Hall' });
    expect([made.organization, made.title]).toEqual(['school', 'Print Started: Mine']);
    expect(event({ printer: { id: 'p1' }, organization: 'own' }, { printer }).organization).toBe('own');
    expect(event({ printer: { id: 'p2' } }, { printer })).not.toHaveProperty('organization');
    expect(event({ printer: { name: 'p1' } }, { printer }).printer).toEqual({ name: 'p1' });
  });
});

describe('subject, account and type', () => {
  it.each<[string, object, Partial<AcceptContext>, string[]]>([
    ['the same type in both', {}, { type: 'job.started' }, []],
    ['another type in the subject', {}, { type: 'job.failed' }, ['type']],
    ['the same account', { account: 'default' }, {}, []],
    ['another account', { account: 'other' }, {}, ['account']],
    ['a type of nobody', { type: 'job.finished' }, {}, ['type']],
    ['a type of Farmbell alone', { type: 'channel.test' }, {}, ['type']],
    ['a custom type without title', { type: 'custom.door' }, {}, ['title']],
    ['a custom type with an empty title', { type: 'custom.door', title: '' }, {}, ['title']],
    ['a custom type with title', { type: 'custom.door', title: 'Door' }, {}, []],
    ['a type that is no text', { type: 5 }, {}, ['type']],
    ['a severity of nobody', { severity: 'fatal' }, {}, ['severity']],
  ])('%s', (_, input, more, paths) => expect(faults(input, more)).toEqual(paths));

  it('fills the type in when the body has none', () => {
    expect(take({}, { type: 'job.paused' })).toMatchObject({ event: { type: 'job.paused', severity: 'warning' } });
    expect(take({}, { type: 'channel.test' })).toMatchObject({ errors: [{ path: 'type' }] });
  });

  it.each([null, undefined, [], 'text', 5, true])('refuses %j for an event', (input) => {
    expect(take(input)).toEqual({ errors: [{ path: '', message: 'must be a JSON object: one event' }] });
  });
});

describe('ids and times', () => {
  it.each(['a', 'x'.repeat(64), 'A-z0.9_:'])('takes the id %j', (id) => expect(event({ id }).id).toBe(id));
  it.each(['', 'x'.repeat(65), 'a b', 'a/b', 'ä', 'a\n', 5, null])('refuses the id %j', (id) =>
    expect(faults({ id })).toEqual(['id']),
  );

  it.each([
    ['2026-03-02T12:00:00Z', '2026-03-02T12:00:00.000Z'],
    ['2026-03-01T13:00:00.5+01:00', '2026-03-01T12:00:00.500Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['2024-02-29T00:00:00.123456789Z', '2024-02-29T00:00:00.123Z'],
  ])('reads the time %s', (time, iso) => expect(event({ time }).time).toBe(iso));
  it.each([
    '9999-12-31T23:59:59Z',
    '2026-03-02T12:00:01Z',
    '2026-03-01T12:00:00',
    '2026-03-01',
    '2026-02-29T00:00:00Z',
    '2026-03-01 12:00:00Z',
    '0000-06-01T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '+010000-01-01T00:00:00Z',
    '',
    1772366400,
  ])('refuses the time %j', (time) => expect(faults({ time })).toEqual(['time']));
  it('lets a job end in the future, but only at a real time', () => {
    expect(faults({ job: { ended_at: '9999-12-31T23:59:59Z' } })).toEqual([]);
    expect(faults({ job: { started_at: 'yesterday', ended_at: '2026-13-01T00:00:00Z' } })).toEqual([
      'job.started_at',
      'job.ended_at',
    ]);
  });
});
