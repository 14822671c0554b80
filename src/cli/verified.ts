/** What `verify --follow` has found so far, as a small file that `serve` shows. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { lakeFolder } from '../config.js'
import type { VerifySummary } from '../jobs/verify.js'
import type { Verified } from '../web/ports.js'
import { systemClock } from './process.js'

type Environment = Readonly<Record<string, string | undefined>>

const LOOK_MS = 1_000
/** A file that is older was left by a verify that runs no more; one that found a difference stays. */
const MAX_AGE_MS = 10_000

const File = z.object({
  ticks: z.int().nonnegative(),
  wrong: z.int().nonnegative(),
  to: z.int().nonnegative().nullable(),
  as_of: z.iso.datetime(),
})

/** Beside the lake and the snapshots. */
function fileOf(env: Environment, output: string): string {
  return join(dirname(lakeFolder(env)), 'verified', `${output}.json`)
}

/** Writes the file again and again; it appears whole each time. */
export function openVerifiedFile(env: Environment, output: string) {
  const file = fileOf(env, output)
  let last = Promise.resolve()
  return {
    /** One after another, so that no older state comes last. */
    write({ verified, wrong, to }: VerifySummary): Promise<void> {
      const as_of = new Date(systemClock.now()).toISOString()
      const found: Verified = { ticks: verified, wrong, to, as_of }
      const next = last.then(() => replaceFile(file, JSON.stringify(found)))
      last = next.catch(() => {})
      return next
    },
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.partial`, text)
  await rename(`${file}.partial`, file)
}

/** Looks every second. */
export function followVerified(env: Environment, output: string, signal: AbortSignal) {
  let found: Verified | null = null
  const look = async () => {
    while (!signal.aborted) {
      found = await readVerified(fileOf(env, output))
      await systemClock.sleep(LOOK_MS, signal)
    }
  }
  void look()
  return { newest: (): Verified | null => found }
}

async function readVerified(file: string): Promise<Verified | null> {
  try {
    const found = File.parse(JSON.parse(await readFile(file, 'utf8')))
    const age = systemClock.now() - Date.parse(found.as_of)
    return found.wrong > 0 || age <= MAX_AGE_MS ? found : null
  } catch {
    // Most often there is none; one that is no such file says nothing either.
    return null
  }
}
