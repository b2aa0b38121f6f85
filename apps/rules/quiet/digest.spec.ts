import { eventIdPattern } from '#contracts';
import { alertsOf, digestOf } from './digest.js';

const window = { starts: '2026-03-01T22:00:00.000Z', ends: '2026-03-02T07:00:00.000Z' };
const channel = { id: 'f3b1f1de-2f33-4d5e-9c11-6f3f7c1b7a10', name: 'Night shift', account: 'a', organization: 'school' };

it('tells how many of what, and each by its title, in the order in which they happened', () => {
  const alerts = alertsOf([
    { type: 'job.failed', severity: 'error', title: 'Print Failed: Benchy', time: new Date('2026-03-02T01:00:00Z') },
    { type: 'job.succeeded', severity: 'success', title: 'Print Complete: Gear', time: new Date('2026-03-01T23:00:00Z') },
  ]);
  const digest = digestOf({ channel, window, types: { 'job.failed': 1, 'job.succeeded': 3 }, alerts });
  expect(digest).toEqual({
    id: 'channel.digest:f3b1f1de-2f33-4d5e-9c11-6f3f7c1b7a10:1772402400',
    type: 'channel.digest',
    severity: 'info',
    time: window.ends,
    title: expect.any(String),
    message: expect.stringContaining('• Print Complete: Gear\n• Print Failed: Benchy\n… and 2 more'),
    account: 'a',
    organization: 'school',
    data: {
      channel_id: channel.id,
      channel_name: 'Night shift',
      window,
      count: 4,
      types: { 'job.failed': 1, 'job.succeeded': 3 },
      lines: ['Print Complete: Gear', 'Print Failed: Benchy'],
      alerts: [
        { type: 'job.succeeded', severity: 'success', title: 'Print Complete: Gear', time: '2026-03-01T23:00:00.000Z' },
        { type: 'job.failed', severity: 'error', title: 'Print Failed: Benchy', time: '2026-03-02T01:00:00.000Z' },
      ],
    },
  });
  expect(digest.message).toContain('4 notifications');
  expect(digest.id).toMatch(eventIdPattern);
});

it('keeps a long title to one line, cut between characters', () => {
  const [alert] = alertsOf([{ type: 'custom.x', severity: 'info', title: '🖨'.repeat(500), time: new Date(0) }]);
  expect([...alert!.title]).toHaveLength(120);
  expect(alert!.title.isWellFormed()).toBe(true);
});
