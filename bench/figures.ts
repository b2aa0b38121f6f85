/** The middle one; of an even number, the mean of the two in the middle. Throws without any. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('There is no median of nothing');
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** The least value that `share` (0 to 1) of all do not exceed. Throws without any. */
export function percentile(values: Float64Array, share: number): number {
  if (values.length === 0) throw new Error('There is no percentile of nothing');
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(Math.max(Math.ceil(share * sorted.length) - 1, 0), sorted.length - 1)]!;
}

/** The median of each key over the records that have it. */
export function medians(records: readonly Record<string, number>[]): Record<string, number> {
  const keys = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return Object.fromEntries(keys.map((key) => [key, median(records.flatMap((record) => (key in record ? [record[key]!] : [])))]));
}
