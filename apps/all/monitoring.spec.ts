import { readFileSync } from 'node:fs';
import { metrics, tellDisk } from '#runtime';
import {
  alerts,
  dashboards,
  filledIn,
  groupedBy,
  panelQueries,
  type Query,
  ruleTests,
  selectorsOf,
  shownIn,
  withoutThresholds,
} from '#testing';
import { modules } from './modules.js';

/** Declared by what all of Farmbell imports. */
const exported = new Map(
  (modules.length > 0 ? metrics.getMetricsAsArray() : []).map((metric) => {
    const {
      name,
      help,
      type,
      labelNames = [],
    } = metric as never as Record<'name' | 'help' | 'type', string> & {
      labelNames?: string[];
    };
    return [name, { name, help, type, labels: labelNames }] as const;
  }),
);
const document = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
/** Of Prometheus, which gives each series the labels of where it was scraped. */
const ofPrometheus = ['up', 'ALERTS'];
const ofScraping = ['job', 'instance'];

function labelsOf(metric: string): readonly string[] | undefined {
  if (ofPrometheus.includes(metric)) return ['alertname', 'alertstate'];
  const plain = exported.get(metric);
  if (plain && plain.type !== 'histogram') return plain.labels;
  const [, base, part] = /^(.*)_(bucket|sum|count)$/.exec(metric) ?? [];
  const histogram = exported.get(base ?? '');
  if (!histogram || !['histogram', 'summary'].includes(histogram.type)) return undefined;
  return part === 'bucket' ? [...histogram.labels, 'le'] : histogram.labels;
}

const queries: Query[] = [
  ...dashboards().flatMap(panelQueries),
  ...alerts().map(({ alert, expr, annotations }) => ({ from: alert, expr, legend: Object.values(annotations).join(' ') })),
];

describe('what dashboards and alerts ask', () => {
  it.each(queries.map((query) => [query.from, query] as const))(
    '%s: is exported, with these labels',
    (_, { expr, legend = '' }) => {
      const selectors = selectorsOf(expr);
      expect(selectors.length).toBeGreaterThan(0);
      const unknown = selectors.filter(({ metric }) => !labelsOf(metric)).map(({ metric }) => metric);
      expect(unknown).toEqual([]);
      for (const { metric, matchers } of selectors)
        expect([
          metric,
          matchers.map(({ label }) => label).filter((label) => ![...labelsOf(metric)!, ...ofScraping].includes(label)),
        ]).toEqual([metric, []]);
      const known = [...selectors.flatMap(({ metric }) => labelsOf(metric)!), ...ofScraping];
      expect([...groupedBy(expr), ...shownIn(legend)].filter((label) => !known.includes(label))).toEqual([]);
    },
  );

  it('would be noticed otherwise', () => {
    expect(selectorsOf('sum by (a) (rate(farmbell_x_total{b=~"c|d", e!="f"}[5m])) / up')).toEqual([
      {
        metric: 'farmbell_x_total',
        matchers: [
          { label: 'b', op: '=~', value: 'c|d' },
          { label: 'e', op: '!=', value: 'f' },
        ],
      },
      { metric: 'up', matchers: [] },
    ]);
    expect(labelsOf('farmbell_attempts_total_bucket')).toBeUndefined();
    expect(labelsOf('farmbell_event_to_arrival_seconds')).toBeUndefined();
    expect(groupedBy('sum by (le, type) (x) / on(a) y')).toEqual(['le', 'type', 'a']);
    expect(shownIn('{{type}} of {{ $labels.way }}')).toEqual(['type', 'way']);
    expect(filledIn('rate(a{b=~"$type"}[$__rate_interval])', '30s')).toBe('rate(a{b=~".*"}[30s])');
    expect(withoutThresholds('absent(a{b="c>1"}) or a / (b > 0) >= 0.85 and c == 0')).toBe('(a{b="c"}) or a / (b )  and c ');
  });
});

describe('dashboards', () => {
  const all = dashboards();

  it('are four, each with a uid of its own', () => {
    expect(all.map(({ file }) => file)).toEqual(['delivery.json', 'farm.json', 'jetstream.json', 'service.json']);
    expect(new Set(all.map(({ uid }) => uid)).size).toBe(4);
    for (const { uid, schemaVersion } of all) expect([uid, schemaVersion]).toEqual([expect.stringMatching(/^farmbell-/), 39]);
  });

  it.each(all.map((board) => [board.file, board] as const))(
    '%s: every panel is explained, has a unit and its own place',
    (_, board) => {
      expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
      const shown = board.panels.filter(({ type }) => type !== 'row');
      expect(new Set(shown.map(({ title, gridPos }) => `${title} ${gridPos.x} ${gridPos.y}`)).size).toBe(shown.length);
      for (const { title, description, fieldConfig, targets = [], datasource, gridPos } of shown) {
        expect([title, description?.length ?? 0]).toEqual([title, expect.any(Number)]);
        expect(description!.length).toBeGreaterThan(10);
        expect([title, fieldConfig?.defaults.unit]).toEqual([title, expect.any(String)]);
        expect([title, targets.length > 0]).toEqual([title, true]);
        for (const one of [datasource, ...targets.map((target) => target.datasource)])
          expect(one).toEqual({ type: 'prometheus', uid: expect.stringMatching(/^\$\{datasource\}$/) });
        expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      }
      const names = board.templating.list.map(({ name }) => `$${name}`);
      const used = shown.flatMap(({ targets = [] }) =>
        targets.flatMap(({ expr }) => [...expr.matchAll(/"(\$\w+)"/g)].map(([, v]) => v)),
      );
      expect(used.filter((name) => !names.includes(name!))).toEqual([]);
    },
  );
});

describe('alerts', () => {
  const chapters = [...document('alerts.md').matchAll(/^### (\w+)$/gm)].map(([, name]) => name!);

  it('each have a chapter in docs/alerts.md, and it has no other', () => {
    expect(chapters).toEqual(alerts().map(({ alert }) => alert));
    expect(new Set(chapters).size).toBe(chapters.length);
  });

  it.each(alerts().map((rule) => [rule.alert, rule] as const))(
    '%s: says what it means and what to do',
    (name, { labels, annotations }) => {
      expect(['warning', 'critical']).toContain(labels.severity);
      expect(annotations).toEqual({
        summary: expect.stringMatching(/\w{3}/),
        description: expect.stringMatching(/\w+ .+\.$/),
        runbook: expect.stringMatching(/\w+ .+\.$/),
        runbook_url: `docs/alerts.md#${name.toLowerCase()}`,
      });
    },
  );

  it.each(alerts().map(({ alert }) => [alert]))('%s: is tested by promtool firing, and silent', (name) => {
    const tests = ruleTests().filter(({ expr }) => expr === `ALERTS{alertname="${name}", alertstate="firing"}`);
    expect(new Set(tests.map(({ found }) => found))).toEqual(new Set([true, false]));
  });
});

it('docs/metrics.md lists every metric as it is exported', () => {
  expect(tellDisk).toBeDefined();
  const said = document('metrics.md')
    .split('\n')
    .filter((line) => line.startsWith('| `farmbell_'));
  const wanted = [...exported.values()]
    .filter(({ name }) => name.startsWith('farmbell_'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      ({ name, labels, type, help }) =>
        `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(' ') || '-'} | ${help} |`,
    );
  expect(said).toEqual(wanted);
});

it.each(
  [...exported.values()].filter(({ name }) => name.startsWith('farmbell_')).map((metric) => [metric.name, metric] as const),
)('%s: is named as Prometheus names are', (name, { type, help }) => {
  expect(name.endsWith('_total')).toBe(type === 'counter');
  if (type === 'histogram') expect(name).toMatch(/_(seconds|bytes)$/);
  expect(name).not.toMatch(/_(ms|milliseconds|kb|mb|count)(_|$)/);
  expect(help).toMatch(/^[A-Z0-9]/);
});
