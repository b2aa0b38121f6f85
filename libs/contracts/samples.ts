import { defaultTexts, type Envelope, type FarmEvent, rowOf } from './index.js';

type Facts = Omit<Envelope, 'type' | 'snapshot'>;

/** Every fact that an event can have. */
export const full = {
  organization: 'School 1',
  printer: { id: 'p1', name: 'X1C', model: 'Bambu Lab X1 Carbon', tags: ['petg'], location: 'Room 2' },
  job: {
    id: '142',
    name: 'Benchy',
    file: 'plates/benchy_v2.gcode.3mf',
    progress: 62.4,
    duration_s: 4980,
    remaining_s: 2520,
    layer: 124,
    layers: 200,
    z_mm: 24.8,
    started_at: '2026-03-01T10:37:00Z',
    ended_at: '2026-03-01T12:00:00Z',
    error: 'Nozzle clogged.',
    error_code: '0300-1234',
    external: true,
  },
  order: { id: 'o1', number: 'A7', source: 'the shop', total: 9.9 },
  maintenance: { id: 'm1', task: 'Grease the rods', due_at: '2026-03-02T00:00:00Z' },
  material: {
    id: 's1',
    name: 'Galaxy Black',
    type: 'PETG',
    color: '#101010',
    used_g: 12.5,
    remaining_g: 80,
    remaining_percent: 8,
  },
  user: { id: 'u1', first_name: 'Ada', last_name: 'Lovelace' },
  link: 'https://farm.example.org/jobs/142',
  data: {
    channel_name: 'Ops',
    count: 7,
    types: { 'job.succeeded': 5, 'job.failed': 2 },
    lines: ['Print Failed: Benchy (X1C)', 'Print Complete: Vase (X1C)'],
    reason: 'The webhook was deleted.',
  },
} satisfies Facts;

/** Accepted, with the catalogue's texts, unless others are given. */
export const eventOf = (type: string, facts: Facts = {}): FarmEvent => {
  const row = rowOf(type)!;
  return {
    id: 'e1',
    account: 'default',
    type,
    severity: row.severity,
    time: '2026-03-01T12:00:00.000Z',
    ...defaultTexts(row, { ...facts, type }),
    ...facts,
  } as FarmEvent;
};

/** An object without one of its keys, at every place within: each with the path that is missing. */
export function withoutOne<T extends object>(whole: T, path = ''): [missing: string, rest: T][] {
  return Object.entries(whole).flatMap(([key, value]): [string, T][] => {
    const { [key as keyof T]: _, ...rest } = whole;
    const inner = value !== null && typeof value === 'object' && !Array.isArray(value) ? withoutOne(value, `${path}${key}.`) : [];
    return [[`${path}${key}`, rest as T], ...inner.map(([at, less]): [string, T] => [at, { ...whole, [key]: less }])];
  });
}

/** An object with one of its innermost values alone: each with its path. */
export function oneAlone<T extends object>(whole: T, path = ''): [given: string, alone: Partial<T>][] {
  return Object.entries(whole).flatMap(([key, value]): [string, Partial<T>][] =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? oneAlone(value, `${path}${key}.`).map(([at, alone]): [string, Partial<T>] => [at, { [key]: alone } as Partial<T>])
      : [[`${path}${key}`, { [key]: value } as Partial<T>]],
  );
}
