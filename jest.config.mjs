/** Tests run on the built files: what is tested is what ships. */
export default {
  // modules of suites that are done stay in a worker's memory: it is begun anew before that hurts
  workerIdleMemoryLimit: '1GB',
  roots: ['<rootDir>/dist'],
  testMatch: ['**/*.spec.js'],
  transform: {},
  testEnvironment: 'node',
  globalSetup: '<rootDir>/dist/libs/testing/global-setup.js',
  globalTeardown: '<rootDir>/dist/libs/testing/global-teardown.js',
  testTimeout: 30_000,
  // what takes long waits; but with more, specs that watch a provider's limit lack their share of the machine
  maxWorkers: 3,
};
