/** Containers for tests, by testcontainers: whether there can be any, and one that is handled as a process is. */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ContainerRuntimeClient, StartedTestContainer } from 'testcontainers'

const COMPOSE_FILE = new URL('../../docker/compose.yaml', import.meta.url)
const ENGINE_LIMIT_MS = 5_000
const START_LIMIT_MS = 60_000
const KEPT_LINES = 30

export interface ContainerPlan {
  readonly image: string
  /** Inside; on this machine it is {@link hostPort}, which stays the same over restarts. */
  readonly port: number
  readonly hostPort: number
  readonly environment: Readonly<Record<string, string>>
  readonly command?: readonly string[]
  /** It is ready where a line of its log holds this. */
  readonly readyText: string
}

/**
 * The image of a service of docker/compose.yaml, fetched where it is not there yet.
 *
 * @param instead what the caller goes on with, for the line that is printed where an engine answers but
 *   cannot give the image
 * @returns undefined there, and, without a word, where no Docker engine answers
 */
export async function imageOf(service: string, instead: string): Promise<string | undefined> {
  const { getReaper, ImageName } = await import('testcontainers')
  const engine = await runtime()
  if (engine === undefined) return undefined
  const image = imageInCompose(service)
  try {
    await engine.image.pull(ImageName.fromString(image))
    // It removes the containers of tests that were killed, and is an image as well.
    await getReaper(engine)
    return image
  } catch (error) {
    const [why] = (error instanceof Error ? error.message : String(error)).split('\n')
    console.error(`a Docker engine answers, but gives no ${service} (${why}): ${instead}`)
    return undefined
  }
}

async function runtime(): Promise<ContainerRuntimeClient | undefined> {
  const { getContainerRuntimeClient } = await import('testcontainers')
  const late = new AbortController()
  const limit = sleep(ENGINE_LIMIT_MS, undefined, { signal: late.signal }).catch(() => undefined)
  // An engine that is starting may accept a connection and never answer.
  const engine = await Promise.race([getContainerRuntimeClient().catch(() => undefined), limit])
  late.abort()
  return engine ?? undefined
}

/** As compose.yaml names it, `${KAFKA_IMAGE:-apache/kafka:…}`, so that versions stand in one place. */
function imageInCompose(service: string): string {
  const variable = `${service.toUpperCase()}_IMAGE`
  const named = readFileSync(COMPOSE_FILE, 'utf8').match(`\\{${variable}:-([^}]+)\\}`)?.[1]
  if (named === undefined) throw new Error(`docker/compose.yaml names no ${variable}`)
  return process.env[variable] || named
}

export class TestContainer {
  readonly #engine: ContainerRuntimeClient
  readonly #container: StartedTestContainer

  private constructor(engine: ContainerRuntimeClient, container: StartedTestContainer) {
    this.#engine = engine
    this.#container = container
  }

  /** @throws an error that ends in the container's last lines */
  static async start(plan: ContainerPlan): Promise<TestContainer> {
    const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
    const lines: string[] = []
    try {
      const container = await new GenericContainer(plan.image)
        .withExposedPorts({ container: plan.port, host: plan.hostPort })
        .withEnvironment(plan.environment)
        .withCommand([...(plan.command ?? [])])
        .withWaitStrategy(Wait.forLogMessage(plan.readyText).withStartupTimeout(START_LIMIT_MS))
        .withLogConsumer((log) => {
          createInterface(log).on('line', (line) => {
            if (lines.push(line) > KEPT_LINES) lines.shift()
          })
        })
        .start()
      return new TestContainer(await getContainerRuntimeClient(), container)
    } catch (cause) {
      const end = `${(cause as Error).message}; its last lines:\n${lines.join('\n')}`
      throw new Error(end, { cause })
    }
  }

  /** As `kill -9`; harmless where it does not run. */
  async kill(): Promise<void> {
    await this.#inEngine.kill().catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 409) throw error
    })
  }

  async pause(): Promise<void> {
    await this.#inEngine.pause()
  }

  /** Harmless where it is not paused. */
  async resume(): Promise<void> {
    const { State } = await this.#inEngine.inspect()
    if (State.Paused) await this.#inEngine.unpause()
  }

  /** Kills it where it runs, and starts it again on the same data. */
  async restart(): Promise<void> {
    await this.#container.restart({ timeout: 0 })
  }

  async stop(): Promise<void> {
    await this.#container.stop()
  }

  get #inEngine() {
    return this.#engine.container.getById(this.#container.getId())
  }
}

/** Where the ports of containers are, which need not be this machine. */
export async function containerHost(): Promise<string> {
  const engine = await runtime()
  const host = engine?.info.containerRuntime.host ?? 'localhost'
  return host === 'localhost' ? '127.0.0.1' : host
}
