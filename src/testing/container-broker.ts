/** A test broker in a container of its own, where a Docker engine answers. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { TestBroker } from './test-broker.js'

const execute = promisify(execFile)

/** Starts the compose file's broker under a project name, a port and a volume that no other has. */
export async function startContainerBroker(script: string, port: number): Promise<TestBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'depthline-kafka-'))
  const env = {
    ...process.env,
    KAFKA_DIR: folder,
    KAFKA_PORT: String(port),
    COMPOSE_PROJECT_NAME: `depthline-test-${port}`,
  }
  const file = join(dirname(script), '..', 'docker', 'compose.yaml')
  const compose = async (...args: string[]) => {
    await execute('docker', ['compose', '-f', file, ...args], { env })
  }
  const stop = async () => {
    await execute(script, ['stop', '--wipe'], { env })
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await execute(script, ['start'], { env })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    brokers: `127.0.0.1:${port}`,
    stop,
    kill: () => compose('kill', 'kafka'),
    pause: () => compose('pause', 'kafka'),
    resume: () => compose('unpause', 'kafka'),
    async restart() {
      await compose('kill', 'kafka').catch(() => {})
      await compose('up', '-d', '--wait', 'kafka')
    },
  }
}
