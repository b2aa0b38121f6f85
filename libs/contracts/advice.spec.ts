import { catalogue, contentOf } from './index.js';
import { eventOf, full } from './samples.js';

const advice = (type: string, facts: Parameters<typeof eventOf>[1] = full) => contentOf(eventOf(type, facts)).advice;

describe('advice', () => {
  it.each([
    ['job.failed', 'Check X1C (Room 2) and clear its bed, then print it again.'],
    ['printer.offline', 'Check power and network of X1C (Room 2).'],
    ['printer.filament_change_required', 'Load filament at X1C (Room 2), then resume the print.'],
    ['material.spool_low', 'Have a new spool of Galaxy Black ready at X1C (Room 2).'],
    ['order.cancelled', 'Take what is left of order #A7 out of the queue.'],
    ['channel.disabled', 'Fix its settings and enable it again, then replay what it missed.'],
  ])('for %s: %s', (type, sentence) => expect(advice(type)).toBe(sentence));

  it.each([
    ['printer.error', 'Read the screen of the printer and clear the error.'],
    ['material.spool_low', 'Have a new spool ready at the printer.'],
    ['order.cancelled', 'Take what is left of the order out of the queue.'],
  ])('for %s, of which nothing is known: %s', (type, sentence) => expect(advice(type, {})).toBe(sentence));

  it('is there for all that is grave, and for nothing that is good news or only news', () => {
    const grave = catalogue.filter(({ severity }) => severity === 'error' || severity === 'critical');
    expect(grave.filter(({ type }) => !advice(type))).toEqual([]);
    const waitsForSomebody = ['job.submitted', 'quota.request_new', 'organization.user_pending'];
    const light = catalogue.filter(({ severity }) => severity === 'info' || severity === 'success');
    expect(light.filter(({ type }) => advice(type)).map(({ type }) => type)).toEqual(waitsForSomebody);
    expect(advice('custom.door', { title: 'Door' })).toBe('');
  });

  it('leaves out only those warnings that ask nothing of anybody', () => {
    const quiet = catalogue.filter(({ type, severity }) => severity === 'warning' && !advice(type));
    expect(quiet.map(({ type }) => type)).toEqual(['job.rejected', 'queue.empty_queue', 'maintenance.job_cancelled']);
  });

  it('names a place once, and briefly', () => {
    const printer = { name: 'Room 2 left', location: 'Room 2' };
    expect(advice('printer.offline', { printer })).toBe('Check power and network of Room 2 left.');
    expect(advice('printer.offline', { printer: { location: 'Room 2' } })).toBe(
      'Check power and network of the printer (Room 2).',
    );
    const long = { name: '🖨'.repeat(300), location: '🏠'.repeat(1000) };
    expect([...advice('printer.offline', { printer: long })].length).toBeLessThan(250);
  });
});
