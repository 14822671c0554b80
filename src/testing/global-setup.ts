/** One broker for all integration test files of a run; a run without any does not load this. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startBroker } from './broker.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` of the broker that the whole run shares; a test file makes its own topics. */
    brokers: string
    /** A folder for what commands keep (DEPTHLINE_DATA); gone after the run. */
    dataFolder: string
  }
}

/** Vitest calls it before the first integration test, and what it returns after the last. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await startBroker()
  project.provide('brokers', broker.brokers)
  const dataFolder = mkdtempSync(join(tmpdir(), 'depthline-data-'))
  project.provide('dataFolder', dataFolder)
  return async () => {
    await broker.stop()
    rmSync(dataFolder, { recursive: true, force: true })
  }
}
