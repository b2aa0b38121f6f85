import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, pino } from 'pino';
import pretty from 'pino-pretty';

export type Log = ReturnType<typeof makeLog>;

/** JSON lines on standard output, or to `to`; pretty for people at a terminal. */
export function makeLog(options: { name: string; level: string; pretty?: boolean; to?: DestinationStream }) {
  const base = { name: options.name, level: options.level, base: { service: options.name } };
  if (options.to) return pino(base, options.to);
  return options.pretty
    ? pino(base, pretty({ ignore: 'pid,hostname,service,name', translateTime: 'HH:MM:ss', sync: true }))
    : pino(base);
}

let own: Log = pino({ level: 'silent' });
/** From now on it is the process's. */
export const useLog = (log: Log): void => {
  own = log;
};
/** The process's log, as metrics are the process's: for what is no service that is handed one. */
export const processLog = (): Log => own;

/** Nest's own lines: only what went wrong is worth one. */
export const nestLog = (log: Log): LoggerService => ({
  log: (message: unknown) => log.debug(String(message)),
  error: (message: unknown, stack?: unknown) =>
    log.error({ stack: typeof stack === 'string' ? stack : undefined }, String(message)),
  warn: (message: unknown) => log.warn(String(message)),
});

/** For `onError` of a loop: says the same fault once a while, not at each turn. */
export function complain(log: Log, what: string, everyMs = 5000): (error: unknown) => void {
  let last = '';
  let at = 0;
  return (error) => {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (text === last && Date.now() - at < everyMs) return;
    last = text;
    at = Date.now();
    log.warn(`${what}: ${text}`);
  };
}
