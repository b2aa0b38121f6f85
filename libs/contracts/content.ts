import type { Severity } from './catalogue.js';
import type { FarmEvent } from './envelope.js';
import { duration } from './texts.js';

/** What is worth reading of an event: derived here, and laid out by each channel type in its own medium. Plain text, unescaped and unclipped. */
export interface Content {
  /** Never blank. */
  title: string;
  /** May be empty. */
  message: string;
  /** The severity, for media without colours. */
  emoji: string;
  /** Names and values that are never blank, the most useful first. */
  facts: [name: string, value: string][];
}

const emojis: Record<Severity, string> = { info: 'ℹ️', success: '✅', warning: '⚠️', error: '❌', critical: '🚨' };

export function contentOf(event: FarmEvent): Content {
  const { printer, job, organization } = event;
  const facts: [string, string | undefined][] = [
    ['Printer', printer?.name ?? printer?.id],
    ['Location', printer?.location],
    ['Job', job?.name ?? job?.file],
    ['Progress', job?.progress === undefined ? undefined : `${Math.round(job.progress)} %`],
    ['Remaining', job?.remaining_s === undefined ? undefined : duration(job.remaining_s)],
    ['Error', job?.error_code],
    ['Organization', organization],
  ];
  return {
    title: event.title.trim() || event.type,
    message: event.message.trim(),
    emoji: emojis[event.severity],
    facts: facts.filter((fact): fact is [string, string] => Boolean(fact[1]?.trim())),
  };
}
