/** Builds the other engines, the oracle and the event files into .work, which git ignores; later runs find them there. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('.', import.meta.url))
export const WORK = `${HERE}.work`
export const LAB = `${WORK}/lab`
const ONE_MILLION = { file: `${WORK}/events/ev1m.jsonl`, count: 1_000_000, seed: 42 }
const FIVE_MILLION = { file: `${WORK}/events/ev5m.jsonl`, count: 5_000_000, seed: 43 }
/** The first of the million make the warm book, the others come live. */
const WARM = 20_000
export const WARM_FILE = `${WORK}/events/ev-warm.jsonl`
export const LIVE_FILE = `${WORK}/events/ev-live.jsonl`

/** Go 1.26 for the oracle; a JDK of at least 17 and Maven for the engines of the JVM. */
export function buildLab(): void {
  mkdirSync(`${WORK}/events`, { recursive: true })
  if (isNewer(LAB, `${HERE}lab/main.go`)) return
  need('go', ['version'], 'Go 1.26 or newer (https://go.dev/dl)')
  console.error('building the generator and the oracle …')
  execFileSync('go', ['build', '-o', LAB, '.'], { cwd: `${HERE}lab`, stdio: 'inherit' })
}

/** @returns the class path */
export function buildJob(engine: 'flink' | 'spark'): string {
  const [source, built] = [`${HERE}${engine}`, `${WORK}/${engine}`]
  const [libs, classes] = [`${built}/libs`, `${built}/classes`]
  const job = `${source}/src/main/java/lab/BookJob.java`
  if (!existsSync(libs)) {
    need('mvn', ['--version'], 'Maven')
    console.error(`downloading the jars of ${engine} …`)
    // Only a download that came to its end gets the name that is looked for.
    const partial = `${libs}.partial`
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${partial}`]
    execFileSync('mvn', ['-q', '-B', '-f', `${source}/pom.xml`, ...goal], { stdio: 'inherit' })
    renameSync(partial, libs)
  }
  if (!isNewer(`${classes}/lab/BookJob.class`, job)) {
    need('javac', ['-version'], 'a JDK of version 17 or newer')
    mkdirSync(classes, { recursive: true })
    const args = ['--release', '17', '-cp', `${libs}/*`, '-d', classes, job]
    execFileSync('javac', args, { stdio: 'inherit' })
    const resources = `${source}/src/main/resources`
    for (const name of readdirSync(resources)) cpSync(join(resources, name), join(classes, name))
  }
  return `${classes}:${libs}/*`
}

/** A file of so many events: a million and five are generated, less are the first of those. */
export function eventFile(count: number): string {
  const whole = count <= ONE_MILLION.count ? ONE_MILLION : FIVE_MILLION
  if (count > whole.count) throw new Error(`${count} events: at most ${FIVE_MILLION.count}`)
  generate(whole)
  if (count === whole.count) return whole.file
  const part = `${WORK}/events/ev-${count}.jsonl`
  if (!existsSync(part)) cut(`head -n ${count}`, whole.file, part)
  return part
}

export function buildLiveFiles(): void {
  generate(ONE_MILLION)
  if (!existsSync(WARM_FILE)) cut(`head -n ${WARM}`, ONE_MILLION.file, WARM_FILE)
  if (!existsSync(LIVE_FILE)) cut(`tail -n +${WARM + 1}`, ONE_MILLION.file, LIVE_FILE)
}

/** A folder of its own for each run: what an engine finds of an earlier one would be its state. */
export function emptyFolder(...names: string[]): string {
  const folder = join(WORK, ...names)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}

function generate({ file, count, seed }: typeof ONE_MILLION): void {
  if (existsSync(file)) return
  console.error(`generating ${count} events …`)
  const shape = ['-symbols', '10', '-closes', '0.45', '-spread', '60', '-drift', '40']
  const args = ['gen', '-n', String(count), '-seed', String(seed), ...shape]
  execFileSync(LAB, [...args, '-out', `${file}.partial`])
  renameSync(`${file}.partial`, file)
}

function cut(command: string, from: string, to: string): void {
  execFileSync('sh', ['-c', `${command} "$0" >"$1"`, from, `${to}.partial`])
  renameSync(`${to}.partial`, to)
}

function isNewer(built: string, source: string): boolean {
  return existsSync(built) && statSync(built).mtimeMs >= statSync(source).mtimeMs
}

function need(command: string, args: readonly string[], what: string): void {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
  } catch {
    throw new Error(`make bench-peers needs ${what}: there is no working \`${command}\` here`)
  }
}
