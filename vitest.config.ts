import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Native ESM sees a CommonJS package's default export at `.default`; the tests must see the same.
    deps: { interopDefault: false },
    testTimeout: 30_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts'],
          exclude: ['src/**/*.integration.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['src/**/*.integration.test.ts'],
          // One broker for all files, started only where one of them is part of the run.
          globalSetup: ['src/testing/global-setup.ts'],
          // They measure seconds, so they get the machine to themselves: after the unit tests, one by one.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
