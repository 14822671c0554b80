import { defineConfig } from 'vitest/config'

/** Tests that judge how late or how regular something is. */
const TIMED = ['run-http', 'run-ticks', 'run-restart', 'run-flood'].map(
  (name) => `src/cli/${name}.integration.test.ts`,
)

export default defineConfig({
  test: {
    // Native ESM sees a CommonJS package's default export at `.default`; the tests must see the same.
    deps: { interopDefault: false },
    // No limit is a measurement: the machine may be busy with much else.
    testTimeout: 60_000,
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
          exclude: TIMED,
          // One broker for all files, started only where one of them is part of the run.
          globalSetup: ['src/testing/global-setup.ts'],
          // Most of their time they wait, so two at a time take half as long.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'timed',
          include: TIMED,
          globalSetup: ['src/testing/global-setup.ts'],
          // They measure seconds, so they get the machine to themselves, one by one.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
