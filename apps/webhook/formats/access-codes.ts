/** `access_code`, `dev_access_code`, `accessCode`, ...: with it, anybody in a printer's network controls the printer. */
const isAccessCode = (key: string): boolean =>
  key
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .endsWith('accesscode');

/** The same without a printer's access code at any depth: it is the printer's secret, and no receiver's business. */
export function withoutAccessCodes<T>(value: T): T {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(withoutAccessCodes) as T;
  const kept = Object.entries(value).filter(([key]) => !isAccessCode(key));
  return Object.fromEntries(kept.map(([key, child]) => [key, withoutAccessCodes(child)])) as T;
}
