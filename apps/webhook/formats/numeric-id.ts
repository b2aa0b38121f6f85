import { createHash } from 'node:crypto';

/**
 * An id as a number, for vendors whose ids are numbers: one of digits is that number, any other a positive one below 2^48 that
 * is the same for the same id of the same kind in the same account, in every process and at any time.
 */
export function numericId(account: string, kind: string, id: string): number {
  const own = /^\d+$/.test(id) ? Number(id) : undefined;
  if (own !== undefined && Number.isSafeInteger(own)) return own;
  return createHash('sha256').update(`${account}/${kind}/${id}`).digest().readUIntBE(0, 6) || 1;
}
