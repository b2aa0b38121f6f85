import { type CatalogueRow, catalogue, defaultTexts, type FarmEvent, rowOf } from '#contracts';
import type { FormatContext, Posted } from './formats/format.js';

/** Events and contexts of the formats' specs. */

const facts = {
  printer: { id: 'p-7', name: 'X1C', model: 'Bambu Lab X1 Carbon', tags: ['petg', 'room 2'], location: 'Room 2' },
  job: {
    id: '142',
    name: 'Benchy',
    file: 'benchy_v2.gcode.3mf',
    progress: 42.9,
    duration_s: 4980.4,
    remaining_s: 1800.6,
    layer: 84,
    layers: 200,
    z_mm: 16.8,
    started_at: '2026-03-01T11:37:00+01:00',
    error: 'The nozzle is clogged.',
    error_code: '0300_8004',
    external: false,
  },
  order: { id: 'o-9', number: '1009', source: 'Etsy', total: 42.5 },
  maintenance: { id: 'm-1', task: 'Grease the rails', due_at: '2026-03-02T00:00:00Z' },
  material: {
    id: 's-3',
    name: 'Galaxy Black',
    type: 'PETG',
    color: '#101010',
    used_g: 12.5,
    remaining_g: 80,
    remaining_percent: 8,
  },
  user: { id: 'u-5', first_name: 'Ada', last_name: 'Byron' },
  data: {
    reason: 'Wrong material',
    removed: false,
    failures: [{ confidence: 0.92, type: 'spaghetti' }],
    count: 2,
    types: { 'job.failed': 2 },
    lines: ['Print Failed: Benchy', 'Print Failed: Vase'],
    dev_access_code: '12345678',
    metadata: { access_code: '12345678' },
  },
};
const common = { id: 'e-1', time: '2026-03-01T12:00:00.250Z', account: 'default' };

/** An event of this type that says nothing but what every event says. */
export function bare(type: string, over: Partial<FarmEvent> = {}): FarmEvent {
  const row = rowOf(type)!;
  return { ...common, type, severity: row.severity, ...textsOf(row, {}), ...over };
}

/** An event of this type with every fact that an event can have. */
export function full(type: string, over: Partial<FarmEvent> = {}): FarmEvent {
  const row = rowOf(type)!;
  return {
    ...common,
    type,
    severity: row.severity,
    ...textsOf(row, facts),
    ...facts,
    organization: 'School 1',
    link: 'https://farm.example.org/jobs/142',
    snapshot: { id: 'pic1', content_type: 'image/jpeg', bytes: 9 },
    ...over,
  };
}

const textsOf = (row: CatalogueRow, known: object) =>
  row.label ? defaultTexts(row, { type: row.type, ...known }) : { title: 'Door Open', message: 'The door of room 2 is open.' };

export const everyType: string[] = [...catalogue.map((row) => row.type), 'custom.door'];
/** Of every type one with every fact and one with none. */
export const everyEvent: FarmEvent[] = everyType.flatMap((type) => [full(type), bare(type)]);

/** An event whose every text is odd. */
export const odd = (text: string): FarmEvent =>
  full('job.failed', {
    title: text,
    message: text,
    printer: { id: text, name: text, model: text, tags: [text], location: text },
    job: { ...facts.job, id: text, name: text, file: text, error: text, error_code: text },
    user: { id: text, first_name: text, last_name: text },
    data: { [text]: text, reason: text },
  });
export const oddTexts = [
  '🚀',
  '\u202eهذا',
  '"\\\'',
  '\u0001\u001b\u007f\u0085\u2028',
  '\uffff\u{1fffe}',
  ' ',
  '%00',
  '__proto__',
  '',
];

export const context: FormatContext = {
  publicUrl: 'https://farmbell.example.org',
  page: 'https://farmbell.example.org/e/x.y',
  channel: '123',
  settings: {},
};

/** The body as the receiver reads it. */
export const received = (posted: Posted) => JSON.parse(JSON.stringify(posted.body));

/** Whether any text in there is a printer's access code. */
export const tellsAccessCode = (value: unknown): boolean => JSON.stringify(value).includes('12345678');
