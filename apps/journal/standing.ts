import type { Outcome, Reason, Report } from '#contracts';
import { plainTime } from './plain.js';

/**
 * How a delivery stands, as one message knows it. Messages come in any order and more than once, so standings compete:
 * the greatest `claim` holds, in a batch and in the table alike. A claim holds all that it stands for, so equal claims are
 * equal standings.
 */
export interface Standing {
  claim: string;
  outcome: Outcome | null;
  reason: Reason | null;
  finished_at: string | null;
  next_attempt_at: string | null;
}

/** Routed, and nothing known yet: less than any report. */
export const unheard: Standing = { claim: '0', outcome: null, reason: null, finished_at: null, next_attempt_at: null };

/**
 * Waiting (`1`) loses against ended (`2`), and ended otherwise against delivered (`3`): who was reached was reached.
 * Among waiting ones the latest report holds; among ended ones the earliest, since nothing happens to an ended delivery.
 */
export function standing(report: Report, at: string): Standing {
  const { outcome, reason } = report;
  if (outcome === null) {
    const next = plainTime(report.next_attempt_at) ?? null;
    const claim = ['1', digits(at), String(report.attempt?.n ?? 0).padStart(4, '0'), next ? digits(next) : '', reason ?? ''];
    return { claim: claim.join(' '), outcome, reason, finished_at: null, next_attempt_at: next };
  }
  const claim = [outcome === 'delivered' ? '3' : '2', inverted(at), outcome, reason ?? ''].join(' ');
  return { claim, outcome, reason, finished_at: at, next_attempt_at: null };
}

const width = 15;
const ms = (iso: string) => Math.max(Date.parse(iso), 0);
const digits = (iso: string) => String(ms(iso)).padStart(width, '0');
const inverted = (iso: string) => String(10 ** width - 1 - ms(iso)).padStart(width, '0');
