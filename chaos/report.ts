import type { Explained, Judgement } from './judge.js';
import type { Options } from './options.js';
import type { Recovery } from './recovery.js';
import type { Longest, Restart } from './restarts.js';

export interface Report extends Judgement {
  options: Options;
  recoveries: Recovery[];
  restarts: Restart[];
  /** What went wrong beside deliveries: a service that crashed, a channel that was not disabled, a refused event. */
  troubles: string[];
  /** What had not settled when time was up. */
  unsettled: string[];
  /** Starts of services that failed because NATS or PostgreSQL were away. */
  failedStarts: number;
  seconds: number;
}

const shownViolations = 40;

export const isGood = ({ violations, troubles, unsettled }: Report): boolean =>
  violations.length === 0 && troubles.length === 0 && unsettled.length === 0;

/** The report for people. */
export function reportText(report: Report): string {
  const { rows, recoveries, restarts, violations, explained, troubles, unsettled } = report;
  const sum = { ...rows[0]!, channel: 'all' };
  const numbers = Object.keys(sum).filter((column) => column !== 'channel') as Exclude<keyof typeof sum, 'channel'>[];
  for (const column of numbers) sum[column] = rows.reduce((total, row) => total + row[column], 0);
  const lines = [
    `${report.accepted} events accepted; per channel:`,
    table([
      ['channel', ...numbers],
      ...[...rows, sum].map((row) => [row.channel, ...numbers.map((column) => String(row[column]))]),
    ]),
    '',
    'Until everything flowed again after a fault:',
    table(
      recoveries.map(({ fault, ms, last }) => [
        `${fault.kind} ${fault.victim}`,
        `${((fault.to - fault.from) / 1000).toFixed(1)} s`,
        ms === null ? 'never' : `${(ms / 1000).toFixed(1)} s`,
        last,
      ]),
    ),
    '',
    ...section(
      'From acceptance to arrival at the longest, at a rolling restart',
      restarts.map(
        ({ before, during, repeats }) =>
          `${longest(during)}; in the calm before it ${longest(before)}; repeats at it: ${repeats}`,
      ),
      shownViolations,
    ),
    ...section(`${explained.length} repeats of what was under way at a fault`, counted(explained), shownViolations),
    ...section(
      `${violations.length} VIOLATIONS`,
      violations.map(({ what, channel, event, text }) => `${what}: ${channel} ${event}: ${text}`),
      shownViolations,
    ),
    ...section(`${troubles.length} TROUBLES`, troubles, shownViolations),
    ...section('NOT SETTLED', unsettled, shownViolations),
    isGood(report) ? 'All is well: nothing missing, nothing unaccounted for, nothing out of order.' : 'NOT WELL.',
  ];
  return lines.join('\n');
}

const longest = (way: Longest | null): string =>
  way ? `${(way.ms / 1000).toFixed(2)} s (${way.channel} ${way.event})` : 'nothing';

/** `12 at kill webhook-1 (fast 7, once 5)` */
function counted(explained: readonly Explained[]): string[] {
  const faults = [...new Set(explained.map((one) => one.because))];
  return faults.map((because) => {
    const here = explained.filter((one) => one.because === because).map((one) => one.channel);
    const channels = [...new Set(here)].map((channel) => `${channel} ${here.filter((one) => one === channel).length}`);
    return `${here.length} at ${because} (${channels.join(', ')})`;
  });
}

function section(title: string, items: readonly string[], most: number): string[] {
  if (items.length === 0) return [];
  const more = items.length > most ? [`  ... and ${items.length - most} more (--json has all)`] : [];
  return [`${title}:`, ...items.slice(0, most).map((item) => `  ${item}`), ...more, ''];
}

function table(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '))
    .map((line) => `  ${line}`)
    .join('\n');
}
