import { type CatalogueRow, catalogue, contentOf, defaultTexts, type Envelope, limits } from './index.js';
import { eventOf, full, oneAlone, withoutOne } from './samples.js';

const nothing = { printer: {}, job: {}, order: {}, maintenance: {}, material: {}, user: {}, data: {} };
const blank = ' \n\u200b';
const blanks: Omit<Envelope, 'type'> = {
  printer: { id: blank, name: blank, model: blank, location: blank },
  job: { id: blank, name: '', file: blank, error: blank, error_code: blank },
  order: { id: '', number: blank, source: blank },
  maintenance: { task: blank },
  material: { name: blank, type: '' },
  user: { id: blank, first_name: blank, last_name: '' },
  organization: blank,
  data: { channel_name: blank, reason: blank, lines: [blank, 7], types: { [blank]: 'many' }, count: -1 },
};
const events: [what: string, facts: Parameters<typeof eventOf>[1]][] = [
  ['everything', full],
  ['nothing', {}],
  ['empty objects', nothing],
  ['blank names', blanks],
  ['ids alone', { printer: { id: 'p1' }, job: { id: '1' }, order: { id: 'o1' }, user: { id: 'u1' }, material: { type: 'PLA' } }],
  ...withoutOne(full).map(([path, facts]): (typeof events)[0] => [`all but ${path}`, facts]),
  ...oneAlone(full).map(([path, facts]): (typeof events)[0] => [`${path} alone`, facts]),
];

/** A fact that is not there leaves nothing behind. */
const slips = /undefined|null|NaN|object|[{}]| {2}|\(\)| [.,:;!?)]|\( |[.,:;!?][.,:;!?]|#( |$|\.)/;
/** A word that wants another behind it. */
const dangling = /\b(a|an|the|of|on|at|by|to|for|from|in|after|during|printing|since|about|says|and|or|then) ?[.,:;)]/i;

/** The first of what is wrong with a text, with the facts that it was made of. */
const faultsOf = (text: string, what: string, ends: RegExp): string[] => {
  const bad = slips.exec(text)?.[0] ?? (/^[\p{Lu}\d]/u.test(text) && ends.test(text) ? undefined : 'its ends');
  return bad === undefined ? [] : [`with ${what}: ${JSON.stringify(text)} has ${JSON.stringify(bad)}`];
};

const sentenceFaults = (text: string, what: string): string[] => {
  const cut = dangling.exec(text)?.[0];
  return [...faultsOf(text, what, /[^.\s]\.$/), ...(cut === undefined ? [] : [`with ${what}: ${text} stops at ${cut}`])];
};

describe.each(catalogue.map((row): [string, CatalogueRow] => [row.type, row]))('%s reads well', (type, row) => {
  it('whatever is known of it', () => {
    const faults = events.flatMap(([what, facts]) => {
      const { title, message, advice } = contentOf(eventOf(type, facts));
      const [first, ...lines] = message.split('\n');
      return [
        ...faultsOf(title, what, /[^.,:;\s]$/),
        ...sentenceFaults(first!, what),
        ...lines.filter((line) => !/^[•…] \S/.test(line)),
        ...(advice ? sentenceFaults(advice, what) : []),
        ...([...title].length <= limits.title ? [] : [`too long with ${what}`]),
      ];
    });
    expect(faults).toEqual([]);
  });

  it('with facts that all have a name and a value, none of them twice', () => {
    for (const [what, facts] of events) {
      const found = contentOf(eventOf(type, facts)).facts;
      expect([what, found.filter(([name, value]) => !/^\S.*$/.test(name) || !/^\S(.*\S)?$/.test(value))]).toEqual([what, []]);
      expect(new Set(found.map(([name]) => name)).size).toBe(found.length);
      expect(found.map(([, value]) => value).join(' ')).not.toMatch(/undefined|null|NaN|object/);
    }
  });

  it('and each phrase of its message says something', () => {
    const made = (message: string) => defaultTexts({ ...row, message }, { ...full, type }).message;
    for (const [phrase] of row.message.matchAll(/\{\w+\}/g))
      expect(made(row.message.replace(phrase, ''))).not.toBe(made(row.message));
  });

  it('and its title begins with what users know it by', () => {
    const known = type === 'channel.summary' ? 'Several notifications' : row.label;
    expect(eventOf(type).title.startsWith(known)).toBe(true);
  });
});
