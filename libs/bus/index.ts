export * from './ask.js';
export * from './bus.js';
export * from './consume.js';
export * from './doorbell.js';
export * from './lease.js';
export * from './streams.js';
export * from './transient.js';
