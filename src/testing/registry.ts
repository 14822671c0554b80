/** A real schema registry for integration tests, on loopback and a free port. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DepthlineError } from '../errors.js'
import { freePorts, watchChild } from './child-server.js'

const SCRIPT = fileURLToPath(new URL('../../scripts/registry.sh', import.meta.url))
const READY_LIMIT_MS = 60_000
const KEPT_LINES = 30
const JAR = 'apicurio-registry-app-2.6.13.Final-runner.jar'

/** For `beforeAll`: a fresh clone fetches 142 MB first. */
export const REGISTRY_LIMIT_MS = 300_000

export interface TestRegistry {
  /** For SCHEMA_REGISTRY_URL. */
  readonly url: string
  /** Ends it; what it knew is gone. */
  stop(): Promise<void>
}

/**
 * Starts an empty registry, which keeps its schemas in memory.
 *
 * Needs a Docker engine, or Java 17 and, the first time, Maven.
 *
 * @throws DepthlineError REGISTRY_FAILED that says what is missing
 */
export async function startRegistry(): Promise<TestRegistry> {
  const [port] = await freePorts()
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  const way = await script(['way'], {})
  const folder = mkdtempSync(join(tmpdir(), 'depthline-registry-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const end =
      way === 'docker' ? await startContainer(port, folder) : await startJars(port, folder)
    const stop = async () => {
      await end()
      remove()
    }
    return { url, stop }
  } catch (error) {
    remove()
    throw error
  }
}

async function startContainer(port: number, folder: string): Promise<() => Promise<void>> {
  const env = {
    REGISTRY_DIR: folder,
    REGISTRY_PORT: String(port),
    COMPOSE_PROJECT_NAME: `depthline-test-${port}`,
    SCHEMA_REGISTRY_URL: '',
  }
  await script(['start'], env)
  return async () => void (await script(['stop'], env))
}

async function startJars(port: number, folder: string): Promise<() => Promise<void>> {
  const libs = await script(['fetch'], {})
  const place = ['-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`]
  const args = ['-Xmx384m', '-XX:TieredStopAtLevel=1', ...place, '-jar', join(libs, JAR)]
  const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const watcher = watchChild({ child, folder })
  const ended = once(child, 'close').catch(() => {})
  ended.then(() => watcher.kill('SIGKILL'))
  const end = async () => {
    child.kill('SIGKILL')
    await ended
  }
  try {
    await whenReady(child)
  } catch (cause) {
    await end()
    throw new DepthlineError('REGISTRY_FAILED', (cause as Error).message, { cause })
  }
  return end
}

function whenReady(child: ChildProcess): Promise<void> {
  const lines: string[] = []
  return new Promise((resolve, reject) => {
    const fail = (what: string) =>
      reject(new Error(`${what}; its last lines:\n${lines.join('\n')}`))
    const limit = setTimeout(() => fail('the registry was not ready in time'), READY_LIMIT_MS)
    child.once('error', (error) => fail(`java cannot be started: ${error.message}`))
    child.once('close', (code) => fail(`the registry ended with ${code}`))
    child.once('close', () => clearTimeout(limit))
    for (const output of [child.stdout!, child.stderr!]) {
      createInterface(output).on('line', (line) => {
        if (lines.push(line) > KEPT_LINES) lines.shift()
        if (!/started in .*Listening on/.test(line)) return
        clearTimeout(limit)
        resolve()
      })
    }
  })
}

async function script(args: string[], env: Readonly<Record<string, string>>): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(SCRIPT, args, { env: { ...process.env, ...env } })
    return stdout.trim()
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr ?? ''
    throw new DepthlineError('REGISTRY_FAILED', `no registry could be started: ${said}`, { cause })
  }
}
