import { type CatalogueRow, categoryOf } from './catalogue.js';
import { type Envelope, limits } from './envelope.js';
import { countOf, kindsText, linesText } from './summary.js';
import { between, clipped, duration, grams, named, percent, sentence, unended } from './words.js';

export { duration } from './words.js';

/**
 * Default title and message of an event, from the catalogue's row and the event's data.
 * `job.succeeded` reads `Print Complete: Benchy (X1C)` and `Job #142 completed on X1C after 1h 23m.`
 */
export function defaultTexts(row: CatalogueRow, event: Envelope): { title: string; message: string } {
  // names and errors at their own bounds may make a text longer than a text may be
  return {
    title: clipped(titleOf(row, event), limits.title),
    message: clipped(sentence(row.message, phrases(event)), limits.message),
  };
}

function titleOf(row: CatalogueRow, event: Envelope): string {
  if (row.type === 'channel.summary') return `${countOf(event.data) ?? 'Several notifications'} in one message`;
  const printer = categoryOf(row.type) === 'channel' ? undefined : named(event.printer?.name, event.printer?.id);
  const subject = subjects[categoryOf(row.type)]?.(event);
  const title = subject ? `${row.label}: ${subject}` : row.label;
  if (!printer) return title;
  return subject ? `${title} (${printer})` : `${row.label}: ${printer}`;
}

/** What an event of a category is about; its printer stands beside it. */
const subjects: Record<string, (event: Envelope) => string | undefined> = {
  job: (e) => named(e.job?.name, e.job?.file) ?? numbered(e.job?.id),
  queue: (e) => named(e.job?.name, e.job?.file) ?? numbered(e.job?.id),
  detection: (e) => named(e.job?.name, e.job?.file),
  order: (e) => numbered(e.order?.number, e.order?.id),
  maintenance: (e) => named(e.maintenance?.task),
  material: (e) => named(e.material?.name, e.material?.type),
  filament: (e) => named(e.material?.name, e.material?.type),
  organization: (e) => userName(e.user),
  balance: (e) => userName(e.user),
  quota: (e) => userName(e.user),
  channel: (e) => (e.type === 'channel.digest' ? countOf(e.data) : channelName(e)),
};

const channelName = ({ data }: Envelope) => (typeof data?.channel_name === 'string' ? named(data.channel_name) : undefined);

/** `#142`; a number that has its own sign keeps to one. */
export function numbered(...numbers: (string | undefined)[]): string | undefined {
  const number = named(...numbers);
  return number && (number.startsWith('#') ? number : `#${number}`);
}

export const userName = (user: Envelope['user']): string | undefined =>
  named([user?.first_name, user?.last_name].flatMap((part) => named(part) ?? []).join(' '), user?.id);

/** What is left on the spool: `80 g, 8 %`. */
export function leftOf(material: Envelope['material']): string | undefined {
  const { remaining_g, remaining_percent } = material ?? {};
  const parts = [remaining_g !== undefined && grams(remaining_g), remaining_percent !== undefined && percent(remaining_percent)];
  return parts.filter(Boolean).join(', ') || undefined;
}

/** The day of a time, as whoever set it writes it. */
export const dayOf = (time: string | undefined): string | undefined => time?.slice(0, 10);

/** The phrases that the catalogue's messages are made of; a phrase without its fact is empty. */
function phrases(event: Envelope): Record<string, string> {
  const { job, printer, order, maintenance, material, user, data } = event;
  const when = (text: string | undefined, words: (text: string) => string) => (text ? words(text) : '');
  const machine = named(printer?.name, printer?.id);
  const jobId = numbered(job?.id);
  const jobName = jobId ? `job ${jobId}` : named(job?.name, job?.file);
  const took = job?.duration_s ?? between(job?.started_at, job?.ended_at);
  const person = userName(user);
  const stuff = named(material?.name, material?.type);
  const usedUp = material?.used_g === undefined ? undefined : grams(material.used_g);
  const task = named(maintenance?.task);
  const channel = channelName(event);
  const many = categoryOf(event.type) === 'channel' ? data : undefined;
  const kinds = kindsText(many);
  return {
    job: jobName ?? 'a job',
    during: when(jobName, (t) => (jobId ? ` during ${t}` : ` while printing ${t}`)),
    after_job: when(jobName, (t) => ` after ${t}`),
    printer: machine ?? 'a printer',
    on: when(machine, (t) => ` on ${t}`),
    for: when(machine, (t) => ` for ${t}`),
    with: when(machine, (t) => ` with ${t}`),
    at: job?.progress === undefined ? '' : ` at ${percent(job.progress)}`,
    after: took === undefined ? '' : ` after ${duration(took)}`,
    left: job?.remaining_s === undefined ? '' : `, about ${duration(job.remaining_s)} left`,
    why: when(reasonOf(event), (t) => `: ${t}`),
    by: when(person, (t) => ` by ${t}`),
    by_hand: ` by ${person ?? 'hand'}`,
    says: when(person, (t) => `, says ${t}`),
    user: person ?? 'a user',
    of_user: when(person, (t) => ` of ${t}`),
    order: when(numbered(order?.number, order?.id), (t) => `order ${t}`) || 'an order',
    source: when(named(order?.source), (t) => ` from ${t}`),
    task: task ?? 'maintenance',
    task_job: when(task, (t) => `maintenance job ${t}`) || 'a maintenance job',
    due: when(dayOf(maintenance?.due_at), (t) => ` on ${t}`) || ' soon',
    since: when(dayOf(maintenance?.due_at), (t) => ` since ${t}`),
    material: stuff ?? (categoryOf(event.type) === 'filament' ? 'a filament' : 'a material'),
    to_material: when(stuff, (t) => ` to ${t}`),
    usage: usedUp ? `${usedUp} of ${stuff ?? 'material'}` : (stuff ?? 'material'),
    remaining: when(leftOf(material), (t) => `: ${t} left`),
    channel: when(channel, (t) => `channel ${t}`) || 'a channel',
    this_channel: when(channel, (t) => `channel ${t}`) || 'this channel',
    count: countOf(many) ?? 'several notifications',
    kinds: when(kinds, (t) => `: ${t}`),
    in_one: when(kinds, (t) => `: ${t}`) || ' in one message',
    lines: linesText(many),
  };
}

/** Why, and the code behind it: `Nozzle clogged (0300-1234)`. */
function reasonOf({ job, data }: Envelope): string | undefined {
  const reason = unended(named(job?.error, typeof data?.reason === 'string' ? data.reason : undefined) ?? '');
  const code = unended(named(job?.error_code) ?? '');
  return reason && code && !reason.includes(code) ? `${reason} (${code})` : reason || code;
}
