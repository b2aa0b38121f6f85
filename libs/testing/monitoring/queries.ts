/** What dashboards and alerts ask of Prometheus, read from their files. */
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

const folder = new URL('../../../../k8s/monitoring/', import.meta.url);
const text = (path: string) => readFileSync(new URL(path, folder), 'utf8');

export interface Panel {
  id: number;
  title: string;
  type: string;
  description?: string;
  datasource?: { type: string; uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig?: { defaults: { unit?: string } };
  targets?: { expr: string; legendFormat?: string; refId: string; datasource?: { type: string; uid: string } }[];
}
export interface Dashboard {
  file: string;
  uid: string;
  title: string;
  schemaVersion: number;
  panels: Panel[];
  templating: { list: { name: string; query: string | { query: string } }[] };
}
export interface Alert {
  group: string;
  alert: string;
  expr: string;
  for?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
/** One question to Prometheus, and who asks it. */
export interface Query {
  from: string;
  expr: string;
  legend?: string;
}

export const dashboards = (): Dashboard[] =>
  readdirSync(new URL('dashboards/', folder))
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({ ...(JSON.parse(text(`dashboards/${file}`)) as Dashboard), file }));

export const alerts = (): Alert[] =>
  (parse(text('prometheus-rules.yml')) as { groups: { name: string; rules: Alert[] }[] }).groups.flatMap(({ name, rules }) =>
    rules.map((rule) => ({ ...rule, group: name })),
  );

/** Queries of the rules' own tests, with what each is to find. */
export const ruleTests = (): { expr: string; found: boolean }[] =>
  (
    parse(text('prometheus-rules.test.yml')) as {
      tests: { promql_expr_test: { expr: string; exp_samples: unknown[] }[] }[];
    }
  ).tests.flatMap(({ promql_expr_test: tests }) =>
    tests.map(({ expr, exp_samples }) => ({ expr, found: exp_samples.length > 0 })),
  );

export const panelQueries = (dashboard: Dashboard): Query[] =>
  dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({
      from: `${dashboard.title}: ${title}`,
      expr,
      ...(legendFormat && { legend: legendFormat }),
    })),
  );

/** Grafana's variables as it would fill them in: everything is chosen, and rates are over `interval`. */
export const filledIn = (expr: string, interval = '5m'): string =>
  expr
    .replaceAll('$__rate_interval', interval)
    .replaceAll('$__range', interval)
    .replaceAll(/"\$\w+"/g, '".*"');

/** An alert's query without its thresholds, and without absent(): what it looks at, whatever the values are. */
export const withoutThresholds = (expr: string): string =>
  expr.replaceAll(/\babsent\(/g, '(').replaceAll(/(==|!=|>=|<=|>|<)\s*-?\d+(\.\d+)?\b/g, '');

export interface Matcher {
  label: string;
  op: '=' | '!=' | '=~' | '!~';
  value: string;
}
export interface Selector {
  metric: string;
  matchers: Matcher[];
}

/** The metrics that a query names, and what it demands of their labels. */
export function selectorsOf(expr: string): Selector[] {
  const found = expr.matchAll(/\b(farmbell_\w+|process_\w+|nodejs_\w+|up|ALERTS)\b(?:\{([^}]*)\})?/g);
  return [...found].map(([, metric, inside = '']) => ({
    metric: metric!,
    matchers: [...inside.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label, op, value]) => ({
      label: label!,
      op: op as Matcher['op'],
      value: value!,
    })),
  }));
}

/** As it stands in a query. */
export const written = ({ metric, matchers }: Selector): string =>
  `${metric}{${matchers.map(({ label, op, value }) => `${label}${op}"${value}"`).join(', ')}}`;

/** The labels by which a query groups or joins, and those that a text of it shows. */
export const groupedBy = (expr: string): string[] =>
  [...expr.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(([, labels]) =>
    labels!
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  );
export const shownIn = (template: string): string[] =>
  [...template.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label]) => label!);

/** Whether a series' label is as demanded. */
export function matches({ op, value }: Matcher, label: string): boolean {
  const equal = op.includes('~') ? new RegExp(`^(?:${value})$`).test(label) : value === label;
  return op.startsWith('!') ? !equal : equal;
}
