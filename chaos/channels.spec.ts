import { channelCreateSchema, rowOf } from '#contracts';
import { channelPlans } from './channels.js';
import { bodyOf, eventOf } from './events.js';
import { doomedEvent } from './load.js';
import { randomOf } from './random.js';
import { ways } from './records.js';

const random = randomOf(1);
const events = Array.from({ length: 5000 }, (_, n) => eventOf(n % 50, Math.floor(n / 50), random));

describe('what is published', () => {
  it('has the severities of the catalogue', () => {
    for (const { type, severity } of events) expect([type, severity]).toEqual([type, rowOf(type)?.severity]);
    expect(rowOf(doomedEvent(0, false).type)?.severity).toBe(doomedEvent(0, false).severity);
  });

  it('takes every way in, each printer always the same', () => {
    expect(new Set(events.map((event) => event.way))).toEqual(new Set(ways));
    expect(new Set(events.map(({ printer, way }) => `${printer} ${way}`)).size).toBe(50);
  });

  it('has an id of its own, which is its title too', () => {
    expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
    for (const event of events) expect(bodyOf(event)).toMatchObject({ id: event.id, title: event.id });
  });
});

describe.each(channelPlans)('$name', (plan) => {
  it('asks for what the API takes', () => {
    const asked = { name: plan.name, type: plan.type, ...plan.asks, settings: {} };
    expect(channelCreateSchema.safeParse(asked).error).toBeUndefined();
  });

  it('gets some events, and not all', () => {
    const all = [...events, doomedEvent(0, false)];
    const selected = all.filter(plan.selects).length;
    expect(selected).toBeGreaterThan(0);
    expect(selected).toBeLessThan(all.length);
  });

  it('ends its deliveries in ways that the report knows', () =>
    expect(['delivered', 'failed', 'waiting', 'cancelled']).toEqual(expect.arrayContaining([...plan.ends])));
});
