import { contentOf, type FarmEvent, severities } from './index.js';
import { eventOf, full } from './samples.js';

type Facts = Parameters<typeof eventOf>[1];
const facts = (type: string, given: Facts = full) => contentOf(eventOf(type, given)).facts;
const own = { title: 'T', message: 'M' };

describe('content', () => {
  it('tells a failed print at a glance', () => {
    expect(contentOf(eventOf('job.failed', { printer: full.printer, job: full.job }))).toEqual({
      title: 'Print Failed: Benchy (X1C)',
      message: 'Job #142 failed on X1C at 62 % after 1h 23m: Nozzle clogged (0300-1234).',
      advice: 'Check X1C (Room 2) and clear its bed, then print it again.',
      emoji: '❌',
      facts: [
        ['Printer', 'X1C (Bambu Lab X1 Carbon)'],
        ['Location', 'Room 2'],
        ['Job', 'Benchy'],
        ['Progress', '62 % (layer 124 of 200)'],
        ['File', 'plates/benchy_v2.gcode.3mf'],
      ],
    });
  });

  it('has every fact that own words do not say, the most useful first', () => {
    expect(facts('job.progress', { ...full, ...own })).toEqual([
      ['Printer', 'X1C (Bambu Lab X1 Carbon)'],
      ['Location', 'Room 2'],
      ['Job', 'Benchy'],
      ['Error', 'Nozzle clogged.'],
      ['Error code', '0300-1234'],
      ['Progress', '62 % (layer 124 of 200)'],
      ['Remaining', '42m'],
      ['Elapsed', '1h 23m'],
      ['Material', 'Galaxy Black (PETG)'],
      ['Material left', '80 g, 8 %'],
      ['Material used', '12.5 g'],
      ['Order', '#A7'],
      ['Source', 'the shop'],
      ['Total', '9.90'],
      ['Task', 'Grease the rods'],
      ['Due', '2026-03-02'],
      ['User', 'Ada Lovelace'],
      ['File', 'plates/benchy_v2.gcode.3mf'],
      ['Organization', 'School 1'],
    ]);
  });

  it('takes the words of a publisher as they are', () => {
    const given = { title: ' The *end* ', message: 'Line 1\n  Line 2' };
    expect(contentOf(eventOf('job.failed', given))).toMatchObject({ title: 'The *end*', message: 'Line 1\n  Line 2' });
  });

  it('has a title where the publisher gave a blank one', () => {
    for (const nothing of ['', ' \n', '\u200b\u2060'])
      expect(contentOf(eventOf('job.failed', { title: nothing, message: nothing }))).toMatchObject({
        title: 'job.failed',
        message: '',
      });
  });

  it('shows each severity apart', () => {
    const emojis = severities.map((severity) => contentOf({ ...eventOf('job.started'), severity }).emoji);
    expect(emojis).toEqual(['ℹ️', '✅', '⚠️', '❌', '🚨']);
  });
});

describe('facts', () => {
  it('do not repeat what title or message say, but for printer and job', () => {
    expect(facts('order.created_retail', { order: full.order })).toEqual([['Total', '9.90']]);
    expect(facts('maintenance.overdue', { printer: { name: 'X1C' }, maintenance: full.maintenance })).toEqual([
      ['Printer', 'X1C'],
    ]);
    expect(facts('job.progress', { job: { name: 'Vase', progress: 62, remaining_s: 60 } })).toEqual([['Job', 'Vase']]);
  });

  it.each<[string, Facts, string, string]>([
    ['a part of a longer time', { job: { duration_s: 3600 }, title: 'T', message: 'Stopped after 1h 23m.' }, 'Elapsed', '1h'],
    ['a part of a word', { printer: { location: 'Room' }, title: 'T', message: 'Mushrooms in Bedrooms' }, 'Location', 'Room'],
    ['a mere number', { printer: { location: '2' }, title: 'T', message: '2 of 3' }, 'Location', '2'],
    ['a letter', { printer: { location: 'A' }, title: 'T', message: 'A print' }, 'Location', 'A'],
    ['another amount', { job: { progress: 2 }, title: 'T', message: '62 % done' }, 'Progress', '2 %'],
  ])('are not taken for said by %s', (_, given, name, value) => {
    expect(facts('job.progress', given)).toContainEqual([name, value]);
  });

  it.each<[string, NonNullable<FarmEvent['job']>, [string, string][]]>([
    ['by its name', { id: '142', name: 'Benchy' }, [['Job', 'Benchy']]],
    [
      'by its id',
      { id: '142', file: 'benchy.gcode' },
      [
        ['Job', '#142'],
        ['File', 'benchy.gcode'],
      ],
    ],
    ['by its file', { file: 'benchy.gcode' }, [['Job', 'benchy.gcode']]],
    ['whose file is called as it is', { name: 'Benchy', file: 'C:\\prints\\benchy.gcode.3mf' }, [['Job', 'Benchy']]],
  ])('name a job %s', (_, job, named) => expect(facts('job.started', { ...own, job })).toEqual(named));

  it('name a model that the name lacks', () => {
    const named = (printer: FarmEvent['printer']) => facts('printer.online', { printer });
    expect(named({ id: 'p1', model: 'MK4' })).toEqual([['Printer', 'p1 (MK4)']]);
    expect(named({ name: 'Prusa MK4 left', model: 'mk4' })).toEqual([['Printer', 'Prusa MK4 left']]);
    expect(named({ model: 'MK4' })).toEqual([['Printer', 'MK4']]);
  });

  it.each<[NonNullable<FarmEvent['job']>, string | undefined]>([
    [{ progress: 99.6 }, '99 %'],
    [{ progress: 10, layer: 3 }, '10 % (layer 3)'],
    [{ layer: 3, layers: 9 }, 'layer 3 of 9'],
    [{ progress: 10, z_mm: 12.3456 }, '10 % (12.35 mm high)'],
    [{ layers: 9 }, undefined],
  ])('tell of %j how far it is: %s', (job, progress) => {
    expect(new Map(facts('job.progress', { ...own, job })).get('Progress')).toBe(progress);
  });

  it('tell of what has ended how long it took, not what remains', () => {
    const job = { progress: 100, duration_s: 4980, remaining_s: 60 };
    expect(facts('job.succeeded', { ...own, job })).toEqual([['Duration', '1h 23m']]);
  });

  it('reckon from its start how long a print takes, where the time of the event tells', () => {
    const job = { started_at: '2026-03-01T10:00:00Z' };
    expect(facts('job.paused', { job })).toEqual([['Elapsed', '2h']]);
    expect(facts('job.failed', { job })).toEqual([['Duration', '2h']]);
    expect(facts('job.bed_cleared', { job })).toEqual([]);
  });

  it('are on one line each', () => {
    expect(facts('printer.online', { ...own, printer: { name: ' a\r\n\tb ' } })).toEqual([['Printer', 'a b']]);
  });
});
