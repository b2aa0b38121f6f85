const codes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
]);
/** PostgreSQL classes: connection exception, insufficient resources, operator intervention, system error; and 40xxx, 55P03: try again. */
const postgres = /^(08|40|53|57|58|55P03)/;
/** A broker at its start says that it has no JetStream, and says the same of a stream that it has not read yet. */
const words =
  /connection (terminated|ended|closed|timeout)|closed connection|timeout|no responders|disconnect|draining|not yet accepting|Client was closed|jetstream is not enabled|jetstream system temporarily unavailable/i;

/** Whether an error is of the surroundings (broker or database away) and will pass, not of the message at hand. */
export function transient(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause ?? (cause as { driverError?: unknown }).driverError) {
    const code = (cause as { code?: unknown }).code;
    if (typeof code === 'string' && (codes.has(code) || postgres.test(code))) return true;
    if (words.test(cause.message) || words.test(cause.name)) return true;
    if ((cause as { driverError?: unknown }).driverError === cause) return false;
  }
  return false;
}
