export * from './arbitraries.js';
export { expectFair, fuzzFarm, fuzzToken } from './farm.js';
