import { contentOf, type FarmEvent } from '#contracts';
import { html } from './html.js';

const style = `
:root { color-scheme: light dark; }
body { font: 18px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } img { max-width: 100%; border-radius: 6px; } p { white-space: pre-line; }
dt { font-weight: 600; } dd { margin: 0 0 .5rem; }`;

/** An event as one page to read on a phone: no script, nothing loaded but its picture. */
export function eventPage(event: FarmEvent, publicUrl: string): string {
  const { title, message, advice, emoji, facts } = contentOf(event);
  const picture = event.snapshot && ('url' in event.snapshot ? event.snapshot.url : `${publicUrl}/s/${event.snapshot.id}`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>${html(title)}</title><style>${style}</style></head><body>
<h1>${emoji} ${html(title)}</h1>
<p>${html(message)}</p>${advice ? `\n<p>${html(advice)}</p>` : ''}${picture ? `\n<p><img src="${html(picture)}" alt="Snapshot"></p>` : ''}
<dl>${facts.map(([name, value]) => `<dt>${html(name)}</dt><dd>${html(value)}</dd>`).join('')}<dt>Time</dt><dd>${html(event.time)}</dd></dl>
${event.link ? `<p><a href="${html(event.link)}" rel="noreferrer">Open</a></p>` : ''}</body></html>
`;
}
