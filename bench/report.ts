import { median, medians } from './figures.js';

/** One measurement of a line, and of its floor in the same round. CPU in µs per unit of work, by process. */
export interface Round {
  value: number;
  floor?: number;
  cpu?: Record<string, number>;
  floorCpu?: Record<string, number>;
  /** Further figures by name, their unit in the name. */
  extra?: Record<string, number>;
}

/** A line of the report. */
export interface Row {
  line: string;
  /** Of the value and its floor, e.g. deliveries/s. */
  unit: string;
  /** What one unit of work is, e.g. delivery. */
  work: string;
  rounds: Round[];
}

export interface Report {
  case: string;
  title: string;
  rows: Row[];
}

const columns = (table: readonly (readonly string[])[]): string[] => {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
};

/** Three digits that matter, thousands set off: 12,345; 123; 12.3; 1.23. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** The median of the rounds' own ratios: noise that lasts a round hits both sides of it. */
export function ratioToFloor(rounds: readonly Round[]): number | undefined {
  const ratios = rounds.flatMap(({ value, floor }) => (floor ? [value / floor] : []));
  return ratios.length > 0 ? median(ratios) : undefined;
}

export function summary({ rounds }: Row) {
  const floors = rounds.flatMap(({ floor }) => (floor === undefined ? [] : [floor]));
  return {
    median: median(rounds.map(({ value }) => value)),
    floor: floors.length > 0 ? median(floors) : undefined,
    ratio: ratioToFloor(rounds),
    cpu: medians(rounds.flatMap(({ cpu }) => (cpu ? [cpu] : []))),
    floorCpu: medians(rounds.flatMap(({ floorCpu }) => (floorCpu ? [floorCpu] : []))),
    extra: medians(rounds.flatMap(({ extra }) => (extra ? [extra] : []))),
  };
}

const total = (cpu: Record<string, number>) => Object.values(cpu).reduce((sum, one) => sum + one, 0);

/** CPU time in µs per unit of work: a line each, a column for each process. */
function cpuTable(rows: readonly Row[]): string[] {
  const lines = rows.flatMap((row): [string, Record<string, number>][] => {
    const { cpu, floorCpu } = summary(row);
    return [
      [`${row.line}, a ${row.work}`, cpu],
      [`${row.line}: floor`, floorCpu],
    ];
  });
  const known = lines.filter(([, cpu]) => Object.keys(cpu).length > 0);
  if (known.length === 0) return [];
  const names = [...new Set(known.flatMap(([, cpu]) => Object.keys(cpu)))];
  const cells = known.map(([line, cpu]) => [
    line,
    figure(total(cpu)),
    ...names.map((name) => (name in cpu ? figure(cpu[name]!) : '')),
  ]);
  return columns([['CPU time, µs', 'in all', ...names], ...cells]);
}

/** A case's figures as lines of text. */
export function reportText({ case: name, title, rows }: Report): string {
  const rounds = Math.max(...rows.map((row) => row.rounds.length));
  const head = ['', '', 'floor', 'of floor', 'CPU of floor', 'rounds'];
  const lines = rows.map((row) => {
    const { median: middle, floor, ratio, cpu, floorCpu } = summary(row);
    const of = ratio === undefined ? '' : ratio < 3 ? `${Math.round(ratio * 100)} %` : `x ${figure(ratio)}`;
    const ofCpu = total(floorCpu) > 0 ? `x ${figure(total(cpu) / total(floorCpu))}` : '';
    const each = row.rounds.map(({ value }) => figure(value)).join(' ');
    return [row.line, `${figure(middle)} ${row.unit}`, floor === undefined ? '' : figure(floor), of, ofCpu, each];
  });
  const extras = rows.flatMap((row) => {
    const parts = Object.entries(summary(row).extra).map(([label, value]) => `${label} ${figure(value)}`);
    return parts.length > 0 ? [[row.line, parts.join('; ')]] : [];
  });
  const block = (text: string[]) => text.map((line) => `   ${line}`);
  return [
    `${name}  ${title}: median of ${rounds}`,
    ...block(columns([head, ...lines])),
    ...(extras.length > 0 ? ['   beside it', ...block(block(columns(extras)))] : []),
    ...block(cpuTable(rows)),
    '',
  ].join('\n');
}

/** Everything measured, for programs. */
export const reportJson = (reports: readonly Report[], about: Record<string, unknown>) => ({
  ...about,
  cases: reports.map(({ case: name, title, rows }) => ({
    case: name,
    title,
    rows: rows.map((row) => ({ ...row, ...summary(row) })),
  })),
});
