export * from './intake.js';
export * from './registry.js';
export * from './snapshots.js';
