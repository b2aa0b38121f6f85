import { adviceOf } from './advice.js';
import type { Severity } from './catalogue.js';
import type { FarmEvent } from './envelope.js';
import { dayOf, leftOf, numbered, userName } from './texts.js';
import { between, duration, grams, named, percent, shows, unended } from './words.js';

/** What is worth reading of an event: derived here, and laid out by each channel type in its own medium. Plain text, unescaped and unclipped. */
export interface Content {
  /** Never blank. */
  title: string;
  /** May be empty. */
  message: string;
  /** What a person is to do about it: one short sentence, or empty. */
  advice: string;
  /** The severity, for media without colours. */
  emoji: string;
  /** Names and one-line values that are never blank, the most useful first; beside printer and job only what title and message do not say. */
  facts: [name: string, value: string][];
}

const emojis: Record<Severity, string> = { info: 'ℹ️', success: '✅', warning: '⚠️', error: '❌', critical: '🚨' };

export function contentOf(event: FarmEvent): Content {
  const title = shows(event.title) ? event.title.trim() : event.type;
  const message = shows(event.message) ? event.message.trim() : '';
  const told = (words: string[]) => words.some((text) => says(title, text) || says(message, text));
  return {
    title,
    message,
    advice: adviceOf(event),
    emoji: emojis[event.severity],
    facts: factsOf(event).flatMap(([name, given, words]): [string, string][] => {
      const value = named(given);
      return value === undefined || told(words ?? [unended(value)]) ? [] : [[name, value]];
    }),
  };
}

/** `words`: how title or message may say it already; none: it stays in any case. */
type Fact = [name: string, value: string | undefined, words?: string[]];

function factsOf(event: FarmEvent): Fact[] {
  const { printer, job, material, order, maintenance, user, organization } = event;
  const name = named(job?.name) ?? numbered(job?.id) ?? named(job?.file);
  const code = named(job?.error_code);
  const took = elapsedOf(event);
  const left = job?.remaining_s && !ends.has(event.type) ? duration(job.remaining_s) : undefined;
  return [
    ['Printer', besides(named(printer?.name, printer?.id), printer?.model), []],
    ['Location', printer?.location],
    ['Job', name, []],
    ['Error', job?.error],
    ['Error code', code, code ? [code, `(${code})`, `: ${code}`] : []],
    ['Progress', progressOf(event)],
    ['Remaining', left, [`about ${left} left`]],
    [ends.has(event.type) ? 'Duration' : 'Elapsed', took, [`after ${took}`]],
    ['Material', besides(named(material?.name, material?.type), material?.type)],
    ['Material left', leftOf(material)],
    ['Material used', material?.used_g ? grams(material.used_g) : undefined],
    ['Order', numbered(order?.number, order?.id)],
    ['Source', order?.source],
    ['Total', order?.total === undefined ? undefined : amount(order.total)],
    ['Task', maintenance?.task],
    ['Due', dayOf(maintenance?.due_at)],
    ['User', userName(user)],
    ['File', fileOf(job?.file, name)],
    ['Organization', organization],
  ];
}

/** A name with what it leaves unsaid: `X1C (Bambu Lab X1 Carbon)`. */
function besides(name: string | undefined, more: string | undefined): string | undefined {
  const other = named(more);
  if (!name || !other) return name ?? other;
  return name.toLowerCase().includes(other.toLowerCase()) ? name : `${name} (${other})`;
}

/** Types after which a print does not go on, and types amid one: for both the event's time tells how long it took so far. */
const ends = new Set(['job.succeeded', 'job.failed', 'job.cancelled']);
const amid = new Set([
  'job.progress',
  'job.first_layer_completed',
  'job.third_layer_completed',
  'job.paused',
  'job.resumed',
  'detection.spaghetti',
  'detection.first_layer',
  'detection.detachment',
  'detection.paused_print',
]);

function elapsedOf({ type, time, job }: FarmEvent): string | undefined {
  const known = job?.duration_s ?? between(job?.started_at, job?.ended_at);
  const took = known ?? (ends.has(type) || amid.has(type) ? between(job?.started_at, time) : undefined);
  return took ? duration(took) : undefined;
}

/** `62 % (layer 124 of 200)`; nothing of a print that succeeded, whose progress is known. */
function progressOf({ type, job }: FarmEvent): string | undefined {
  if (type === 'job.succeeded') return undefined;
  const done = job?.progress === undefined ? undefined : percent(job.progress);
  const height = job?.z_mm === undefined ? undefined : `${Math.round(job.z_mm * 100) / 100} mm high`;
  const layer = job?.layer === undefined ? height : `layer ${job.layer}${job.layers ? ` of ${job.layers}` : ''}`;
  return done && layer ? `${done} (${layer})` : (done ?? layer);
}

/** A file that is called as the job, but for its folder and endings, says nothing new. */
function fileOf(file: string | undefined, job: string | undefined): string | undefined {
  const shown = named(file);
  const bare = (text: string) =>
    text
      .slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1)
      .replace(/(\.(gcode|3mf|bgcode|stl|step|gco|g))+$/i, '')
      .toLowerCase();
  return shown && job && bare(shown) === bare(job) ? undefined : shown;
}

/** A sum of money, in whatever currency: `42.50`. */
const amount = (total: number): string => (Number.isInteger(total) ? `${total}` : total.toFixed(2));

const inWord = /[\p{L}\p{N}]/u;

/** Whether a text says these words. A mere number or a letter or two stand for anything: those are never taken for said. */
function says(text: string, words: string): boolean {
  if (/^(\p{L}{0,2}|[\d.,]+)$/u.test(words)) return false;
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    const end = at + words.length;
    // `after 1h` is not said by `after 1h 23m`
    const goesOn = inWord.test(text.charAt(end)) || /^ \d+[hm]\b/.test(text.slice(end, end + 4));
    if (!goesOn && !(inWord.test(text.charAt(at - 1)) && inWord.test(words.charAt(0)))) return true;
  }
  return false;
}
