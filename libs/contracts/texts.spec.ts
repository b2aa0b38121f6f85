import { defaultTexts, type Envelope, limits, rowOf } from './index.js';
import { full } from './samples.js';

const texts = (type: string, event: Omit<Envelope, 'type'> = full) => {
  const { title, message } = defaultTexts(rowOf(type)!, { ...event, type });
  return [title, message];
};

describe('default texts', () => {
  it.each([
    ['job.succeeded', 'Print Complete: Benchy (X1C)', 'Job #142 completed on X1C after 1h 23m.'],
    ['job.failed', 'Print Failed: Benchy (X1C)', 'Job #142 failed on X1C at 62 % after 1h 23m: Nozzle clogged (0300-1234).'],
    ['job.started', 'Print Started: Benchy (X1C)', 'Job #142 started on X1C, about 42m left.'],
    ['job.paused', 'Print Paused: Benchy (X1C)', 'Job #142 paused on X1C at 62 %: Nozzle clogged (0300-1234).'],
    ['job.bed_cleared', 'Bed Cleared: Benchy (X1C)', 'The bed of X1C was cleared after job #142 by Ada Lovelace.'],
    ['printer.offline', 'Printer Offline: X1C', 'X1C went offline during job #142.'],
    ['order.created_retail', 'Order Received: #A7 (X1C)', 'Order #A7 was received from the shop.'],
    ['order.created_manual', 'Order Created: #A7 (X1C)', 'Order #A7 was created by Ada Lovelace.'],
    ['maintenance.overdue', 'Maintenance Overdue: Grease the rods (X1C)', 'Grease the rods on X1C is overdue since 2026-03-02.'],
    ['maintenance.due_soon', 'Maintenance Due Soon: Grease the rods (X1C)', 'Grease the rods on X1C is due on 2026-03-02.'],
    ['material.spool_low', 'Spool Low: Galaxy Black (X1C)', 'Galaxy Black is running low on X1C: 80 g, 8 % left.'],
    [
      'material.usage_recorded',
      'Material Usage Recorded: Galaxy Black (X1C)',
      '12.5 g of Galaxy Black was used on X1C during job #142.',
    ],
    [
      'detection.spaghetti',
      'Spaghetti Detected: Benchy (X1C)',
      'Job #142 on X1C looks like spaghetti at 62 %: Nozzle clogged (0300-1234).',
    ],
    [
      'detection.false_positive',
      'Detection Was Wrong: Benchy (X1C)',
      'What looked like a failure on X1C during job #142 was none, says Ada Lovelace.',
    ],
    ['filament.assigned', 'Filament Assigned: Galaxy Black (X1C)', 'Galaxy Black was assigned to X1C by Ada Lovelace.'],
    ['balance.charged', 'Balance Charged: Ada Lovelace (X1C)', 'The balance of Ada Lovelace was charged.'],
    ['organization.user_pending', 'User Waits for Approval: Ada Lovelace (X1C)', 'Ada Lovelace waits for approval.'],
    ['channel.disabled', 'Channel Disabled: Ops', 'Channel Ops was disabled: Nozzle clogged (0300-1234).'],
    ['channel.test', 'Test Notification: Ops', 'This is a test: channel Ops works.'],
  ])('of %s', (type, title, message) => expect(texts(type)).toEqual([title, message]));

  it.each([
    ['job.succeeded', 'Print Complete', 'A job completed.'],
    ['detection.first_layer', 'First Layer Issue', 'The first layer of a job looks wrong.'],
    ['maintenance.due_soon', 'Maintenance Due Soon', 'Maintenance is due soon.'],
    ['maintenance.job_created', 'Maintenance Job Created', 'A maintenance job was created.'],
    ['material.usage_recorded', 'Material Usage Recorded', 'Material was used.'],
    ['order.created_manual', 'Order Created', 'An order was created by hand.'],
    ['filament.create', 'Filament Created', 'A filament was added.'],
    ['organization.user_signup', 'User Signed Up', 'A user signed up.'],
    ['channel.test', 'Test Notification', 'This is a test: this channel works.'],
  ])('of %s, of which nothing is known', (type, title, message) => expect(texts(type, {})).toEqual([title, message]));

  it('of a channel say why, as its service put it', () => {
    const data = { channel_name: 'Ops', reason: 'the destination is gone: The webhook was deleted in Discord. Make a new one.' };
    expect(texts('channel.disabled', { data })[1]).toBe(
      'Channel Ops was disabled: the destination is gone: The webhook was deleted in Discord. Make a new one.',
    );
  });

  it('reckon how long it took when only the times are known', () => {
    const job = { started_at: '2026-03-01T10:00:00Z', ended_at: '2026-03-01T12:30:00+01:00' };
    expect(texts('job.succeeded', { job })[1]).toBe('A job completed after 1h 30m.');
    expect(texts('job.succeeded', { job: { ...job, duration_s: 60 } })[1]).toBe('A job completed after 1m.');
    const back = { started_at: job.ended_at, ended_at: job.started_at };
    expect(texts('job.succeeded', { job: back })[1]).toBe('A job completed.');
  });

  it.each([
    [{ error: 'Clogged.' }, 'A job failed: Clogged.'],
    [{ error: 'Clogged?!…' }, 'A job failed: Clogged.'],
    [{ error: 'Two\r\n  lines\n' }, 'A job failed: Two lines.'],
    [{ error: '...' }, 'A job failed.'],
    [{ error_code: 'E7' }, 'A job failed: E7.'],
    [{ error: 'Heater off (E7)', error_code: 'E7' }, 'A job failed: Heater off (E7).'],
    [{ error: '...', error_code: 'E7' }, 'A job failed: E7.'],
  ])('tell the error %j in one sentence', (job, message) => expect(texts('job.failed', { job })[1]).toBe(message));

  it('leave names as they are, but for blanks', () => {
    expect(texts('printer.online', { printer: { name: '{job} $& $1' } })[1]).toBe('{job} $& $1 is online.');
    expect(texts('job.started', { job: { name: ' a\n b  c ' }, printer: { name: '\u200b', id: 'p1' } })).toEqual([
      'Print Started: a b c (p1)',
      'A b c started on p1.',
    ]);
    expect(texts('job.started', { printer: { name: 'Ender Jr.' } })[1]).toBe('A job started on Ender Jr.');
    expect(texts('order.closed', { order: { number: '#1009' } })[1]).toBe('Order #1009 is complete and closed.');
  });

  it('stay within the bounds of title and message', () => {
    const name = '🖨'.repeat(300);
    const [title, message] = texts('job.failed', { printer: { name }, job: { name, error: '🖨'.repeat(8000) } });
    expect([[...title!].length, [...message!].length]).toEqual([limits.title, limits.message]);
    expect([title!.isWellFormed(), message!.isWellFormed()]).toEqual([true, true]);
    expect([title!.endsWith('…'), message!.endsWith('…')]).toEqual([true, true]);
  });
});
