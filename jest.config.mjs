export default {
  testEnvironment: 'node',
  testMatch: [
    '<rootDir>/packages/*/test/**/*.test.ts',
    '<rootDir>/examples/*/test/**/*.test.ts',
    '<rootDir>/test/**/*.test.ts',
  ],
  // A million requests take minutes, and have a command of their own: npm run test:soak.
  testPathIgnorePatterns: ['/node_modules/', ...(process.env.GRAYLANE_SOAK_REQUESTS ? [] : ['/test/soak.test.ts'])],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  testEnvironmentOptions: { customExportConditions: ['@graylane/source', 'node', 'node-addons'] },
  globalSetup: '<rootDir>/scripts/jest-setup.mjs',
  testTimeout: 60_000,
};
