import { html } from './html.js';

type Json = Record<string, unknown>;

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { background: var(--soft); padding: .75rem; overflow: auto; max-height: 28rem; border-radius: 6px; }
section { margin: 1.5rem 0; }
h3 { margin: 0 0 .25rem; font-size: 1rem; overflow-wrap: anywhere; }
.method { display: inline-block; min-width: 4.2rem; font-weight: 700; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
td, th { text-align: left; vertical-align: top; padding: .2rem .75rem .2rem 0; border-bottom: 1px solid var(--line); }
a { color: inherit; }`;

/** The OpenAPI document as one page to read: no script, nothing loaded from elsewhere. */
export function docsPage(document: Json): string {
  const info = document.info as Json;
  const operations = Object.entries(document.paths as Record<string, Record<string, Json>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const groups = grouped(operations);
  const schemas = Object.entries((document.components as { schemas: Record<string, Json> }).schemas);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${html(info.title)} API</title><style>${style}</style></head><body>
<h1>${html(info.title)} API</h1>
<p>${html(info.description)} The same for programs: <a href="/openapi.json">/openapi.json</a>.</p>
<p>Send <code>Authorization: Bearer &lt;token&gt;</code>. Faults come as <code>application/problem+json</code>. Lists come in pages:
pass <code>next_cursor</code> on as <code>cursor</code>.</p>
<nav>${[...groups.keys()].map((group) => `<a href="#${html(group)}">${html(group)}</a>`).join(' · ')} · <a href="#shapes">shapes</a></nav>
${[...groups].map(([group, list]) => `<h2 id="${html(group)}">${html(group)}</h2>${list.map(section).join('')}`).join('\n')}
<h2 id="shapes">shapes</h2>
${schemas.map(([name, schema]) => `<section id="${html(name)}"><h3>${html(name)}</h3>${pre(schema)}</section>`).join('\n')}
</body></html>
`;
}

interface Operation {
  method: string;
  path: string;
  operation: Json;
}

const groupOf = ({ operation }: Operation) => String((operation.tags as string[])[0]);

function grouped(operations: Operation[]): Map<string, Operation[]> {
  const groups = new Map<string, Operation[]>();
  for (const one of operations) groups.set(groupOf(one), [...(groups.get(groupOf(one)) ?? []), one]);
  return groups;
}

function section({ method, path, operation }: Operation): string {
  const parameters = operation.parameters as Json[];
  const bodies = Object.entries(((operation.requestBody as Json | undefined)?.content ?? {}) as Record<string, Json>);
  const responses = Object.entries(operation.responses as Record<string, Json>);
  return `<section><h3><span class="method">${html(method)}</span><code>${html(path)}</code></h3>
<p>${html(operation.summary)}.${String(operation.description)
    .split('\n\n')
    .map((line) => ` ${html(line).replace(/`([^`]*)`/g, '<code>$1</code>')}`)
    .join('')}</p>
${parameters.length ? `<table>${parameters.map(parameterRow).join('')}</table>` : ''}
${bodies.map(([type, { schema }]) => `<details><summary>Body, <code>${html(type)}</code></summary>${shape(schema as Json)}</details>`).join('')}
<details><summary>Answers</summary><table>${responses.map(responseRow).join('')}</table></details></section>`;
}

const parameterRow = ({ name, in: where, description, schema }: Json) =>
  `<tr><td><code>${html(name)}</code></td><td>${html(where)}</td><td>${html(description)} <code>${html(short(schema as Json))}</code></td></tr>`;

function responseRow([status, response]: [string, Json]): string {
  const content = Object.values((response.content ?? {}) as Record<string, { schema?: Json }>)[0];
  const shown = content?.schema && Number(status) < 300 ? shape(content.schema) : '';
  return `<tr><td><code>${html(status)}</code></td><td>${html(response.description)}${shown}</td></tr>`;
}

const short = ({ type, enum: values, format, default: byDefault }: Json) =>
  [Array.isArray(values) ? values.join(' | ') : (format ?? type), byDefault !== undefined && `default ${byDefault}`]
    .filter(Boolean)
    .join(', ');

const shape = (schema: Json): string =>
  typeof schema.$ref === 'string'
    ? ` <a href="#${html(schema.$ref.split('/').at(-1))}">${html(schema.$ref.split('/').at(-1))}</a>`
    : pre(schema);

/** A schema as text, its references as links. */
const pre = (schema: Json) =>
  `<pre>${html(JSON.stringify(schema, null, 2)).replace(/#\/components\/schemas\/(\w+)/g, '<a href="#$1">$1</a>')}</pre>`;
