/** One broker for all integration test files of a run; a run without any does not load this. */
import type { TestProject } from 'vitest/node'
import { startBroker } from './broker.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` of the broker that the whole run shares; a test file makes its own topics. */
    brokers: string
  }
}

/** Vitest calls it before the first integration test, and what it returns after the last. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await startBroker()
  project.provide('brokers', broker.brokers)
  return () => broker.stop()
}
