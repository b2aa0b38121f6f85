export * from './config.js';
export * from './database.js';
export * from './log.js';
export * from './metrics.js';
export * from './probes.js';
export * from './run.js';
export * from './seal.js';
