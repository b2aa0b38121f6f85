import { type CatalogueRow, categoryOf } from './catalogue.js';
import { type Envelope, limits } from './envelope.js';

/**
 * Default title and message of an event, from the catalogue's row and the event's data.
 * `job.succeeded` reads `Print Complete: Benchy (X1C)` and `Job #142 completed on X1C after 1h 23m.`
 */
export function defaultTexts(row: CatalogueRow, event: Envelope): { title: string; message: string } {
  const phrase = phrases(event);
  const message = row.message.replace(/\{(\w+)\}/g, (_, name: string) => phrase[name] ?? '');
  return {
    title: clipped(titleOf(row, event), limits.title),
    message: clipped(message.charAt(0).toUpperCase() + message.slice(1), limits.message),
  };
}

/** Names and errors at their own bounds may make a text longer than a text may be. */
const clipped = (text: string, max: number): string => {
  const points = text.length > max ? [...text] : [];
  return points.length > max ? `${points.slice(0, max - 1).join('')}…` : text;
};

function titleOf(row: CatalogueRow, event: Envelope): string {
  const printer = event.printer?.name ?? event.printer?.id;
  const subject = subjects[categoryOf(row.type)]?.(event);
  const named = subject ? `${row.label}: ${subject}` : row.label;
  if (!printer) return named;
  return subject ? `${named} (${printer})` : `${row.label}: ${printer}`;
}

/** What an event of a category is about; its printer stands beside it. */
const subjects: Record<string, (event: Envelope) => string | undefined> = {
  job: (e) => e.job?.name ?? e.job?.file ?? (e.job?.id && `#${e.job.id}`),
  queue: (e) => e.job?.name ?? e.job?.file ?? (e.job?.id && `#${e.job.id}`),
  detection: (e) => e.job?.name ?? e.job?.file,
  order: (e) => (e.order?.number ?? e.order?.id) && `#${e.order?.number ?? e.order?.id}`,
  maintenance: (e) => e.maintenance?.task,
  material: (e) => e.material?.name ?? e.material?.type,
  filament: (e) => e.material?.name ?? e.material?.type,
  channel: (e) => channelName(e),
};

const channelName = (event: Envelope) => (typeof event.data?.channel_name === 'string' ? event.data.channel_name : undefined);

/** The phrases that the catalogue's messages are made of; a phrase without its fact is empty. */
function phrases(event: Envelope): Record<string, string> {
  const { job, printer, order, maintenance, material, user, data } = event;
  const printerName = printer?.name ?? printer?.id;
  const jobName = job?.id ? `job #${job.id}` : (job?.name ?? job?.file);
  const name = [user?.first_name, user?.last_name].filter(Boolean).join(' ') || user?.id;
  const when = (text: string | undefined | false, words: (text: string) => string) => (text ? words(text) : '');
  const count = typeof data?.count === 'number' ? data.count : 0;
  const reason = (job?.error ?? (typeof data?.reason === 'string' ? data.reason : undefined))?.replace(/\.$/, '');
  return {
    job: jobName ?? 'a job',
    job_lower: jobName ?? 'a job',
    job_too: when(jobName, (t) => ` during ${t}`),
    printer: printerName ?? 'a printer',
    on: when(printerName, (t) => ` on ${t}`),
    for: when(printerName, (t) => ` for ${t}`),
    at: when(job?.progress !== undefined && `${Math.round(job.progress)}`, (t) => ` at ${t} %`),
    after: when(job?.duration_s !== undefined && duration(job.duration_s), (t) => ` after ${t}`),
    left: when(job?.remaining_s !== undefined && duration(job.remaining_s), (t) => `, about ${t} left`),
    why: when(reason ?? job?.error_code, (t) => `: ${t}${reason && job?.error_code ? ` (${job.error_code})` : ''}`),
    by: when(name, (t) => ` by ${t}`),
    named: when(name, (t) => `: ${t}`),
    of_user: when(name, (t) => ` of ${t}`),
    order: order?.number || order?.id ? `order #${order.number ?? order.id}` : 'an order',
    source: when(order?.source, (t) => ` from ${t}`),
    task: maintenance?.task ?? 'maintenance',
    due: when(maintenance?.due_at, (t) => ` (${t.slice(0, 10)})`),
    material: material?.name ?? material?.type ?? 'a material',
    to_material: when(material?.name ?? material?.type, (t) => ` to ${t}`),
    used: material?.used_g === undefined ? 'usage' : `${material.used_g} g`,
    remaining: remaining(material),
    channel: when(channelName(event), (t) => `channel ${t}`) || 'a channel',
    count: `${count} ${count === 1 ? 'event' : 'events'}`,
  };
}

function remaining(material: Envelope['material']): string {
  const parts = [
    material?.remaining_g !== undefined && `${material.remaining_g} g`,
    material?.remaining_percent !== undefined && `${material.remaining_percent} %`,
  ].filter(Boolean);
  return parts.length ? `: ${parts.join(', ')} left` : '';
}

/** Seconds in words: `45s`, `12m`, `1h 23m`, `2d 4h`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return `${minutes}m`;
  if (hours < 24) return minutes % 60 ? `${hours}h ${minutes % 60}m` : `${hours}h`;
  return hours % 24 ? `${Math.floor(hours / 24)}d ${hours % 24}h` : `${Math.floor(hours / 24)}d`;
}
