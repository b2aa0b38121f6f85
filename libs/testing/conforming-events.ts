import { type CatalogueRow, defaultTexts, type FarmEvent, rowOf } from '#contracts';

const facts = {
  printer: { id: 'p-7', name: 'X1C', model: 'Bambu Lab X1 Carbon', tags: ['petg', 'room 2'], location: 'Room 2' },
  job: {
    id: '142',
    name: 'Benchy',
    file: 'benchy_v2.gcode.3mf',
    progress: 42.5,
    duration_s: 4980,
    remaining_s: 1800,
    layer: 84,
    layers: 200,
    z_mm: 16.8,
    started_at: '2026-03-01T10:37:00Z',
    ended_at: '2026-03-01T12:00:00Z',
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
  data: { channel_name: 'Workshop', count: 2, types: { 'job.failed': 2 }, lines: ['Print Failed: Benchy', 'Print Failed: Vase'] },
};
const common = { id: 'e-1', time: '2026-03-01T12:00:00.000Z', account: 'default' };

/** An event of this type that says nothing but what every event says. */
export const bareEvent = (row: CatalogueRow): FarmEvent => ({
  ...common,
  type: row.type,
  severity: row.severity,
  ...defaultTexts(row, { type: row.type }),
});

/** An event of this type with every fact that an event can have; `over` replaces some. */
export const fullEvent = (row: CatalogueRow, over: Partial<FarmEvent> = {}): FarmEvent => ({
  ...common,
  type: row.type,
  severity: row.severity,
  ...defaultTexts(row, { type: row.type, ...facts }),
  ...facts,
  organization: 'School 1',
  link: 'https://farm.example.org/jobs/142',
  snapshot: { url: 'https://farm.example.org/snapshot.jpg' },
  ...over,
});

/** What people and slicers put into names, by what is odd about it. */
export const hostileTexts: Record<string, string> = {
  'one letter': 'a',
  emoji: '🚀',
  'emoji of several parts': '👨‍👩‍👧‍👦🏳️‍🌈',
  'from right to left': 'هذا اختبار שלום \u202e',
  'combining marks': 'e\u0301\u0323\u0308\u0336',
  HTML: '<b>&amp;</i><script>"\'',
  'Slack markup': '<!channel> <@U024BE7LH> <http://x.example|y> *_~`',
  'Discord markup': '**__||`<@80351110224678912> <@&1> [x](http://x.example)',
  '@everyone': '@everyone @here ',
  quotes: '"\\\'{}[]%s$&\\u0041',
  percent: '%F0%9F%9A%80+%0d%0a',
  'line feeds': 'a\r\n\t',
  blanks: ' ',
  'invisible characters': '\u200b\u2060\ufeff',
  'control characters': '\u0001\u001b[31m\u007f\u2028',
  'a placeholder': '{printer}{{job}}%s',
};

/** Exactly so many code points of `unit`, over and over. */
const filled = (unit: string, codePoints: number): string =>
  [...unit.repeat(Math.ceil(codePoints / [...unit].length))].slice(0, codePoints).join('');

/** An event whose every text is `unit` over and over, as long as the envelope allows. */
export function hostileEvent(unit: string): FarmEvent {
  const [name, other, long] = [filled(unit, 300), filled(unit, 1000), filled(unit, 8000)];
  return fullEvent(rowOf('job.failed')!, {
    title: filled(unit, 500),
    message: long,
    organization: name,
    printer: { id: name, name, model: other, tags: Array.from({ length: 100 }, () => name), location: other },
    job: { ...facts.job, id: name, name, file: other, error: long, error_code: other },
    order: { id: name, number: name, source: other, total: -0.1 },
    maintenance: { id: name, task: other, due_at: '2026-03-02T00:00:00+14:00' },
    material: { id: name, name, type: other, color: other },
    user: { id: name, first_name: name, last_name: name },
    // a name of the local network, as farms have them
    link: `http://octopi:5000/?file=${filled(unit.replaceAll(/\s/g, '_'), 970)}`,
    data: { [name]: long, reason: long },
  });
}
