/** A real PostgreSQL for tests, which they may kill: in a container, or Debian's programs in a temporary folder. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, type QueryResultRow } from 'pg'
import { freePorts, watchChild } from './child-server.js'
import { containerHost, imageOf, TestContainer } from './containers.js'

const PASSWORD = 'right horse: 100% @ /'
const START_LIMIT_MS = 20_000
const GIVEN = process.env.DEPTHLINE_TEST_POSTGRES_URL
const IMAGE = GIVEN
  ? undefined
  : await imageOf('postgres', "this machine's own serves, if there is one")
const PROGRAMS = findPrograms()

/** Undefined where tests can have a PostgreSQL; else what to do about it. */
export const NO_POSTGRES =
  GIVEN || IMAGE || PROGRAMS
    ? undefined
    : 'install PostgreSQL (Debian: apt-get install postgresql) or start a Docker engine, or set DEPTHLINE_TEST_POSTGRES_URL to one where databases may be made'
/** Whether there is one that may be killed. */
export const CAN_KILL_POSTGRES = !GIVEN && (IMAGE ?? PROGRAMS) !== undefined

export interface TestPostgres {
  /** A database of the test's own, with the password in the URL. */
  makeDatabase(): Promise<string>
  /** kill -9; only of one that the tests have started. */
  kill(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts one, or takes that of `DEPTHLINE_TEST_POSTGRES_URL`; see {@link NO_POSTGRES}. */
export async function startPostgres(): Promise<TestPostgres> {
  if (GIVEN) return borrowed(GIVEN)
  if (IMAGE) return ContainerPostgres.start(IMAGE)
  if (PROGRAMS === undefined) throw new Error(NO_POSTGRES)
  const postgres = new LocalPostgres(PROGRAMS, (await freePorts())[0])
  await postgres.restart()
  return postgres
}

/** One query in a connection of its own; numeric columns come as text. */
export async function queryPostgres<R extends QueryResultRow>(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<R[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<R>(sql, [...values])).rows
  } finally {
    await client.end()
  }
}

class ContainerPostgres implements TestPostgres {
  readonly #container: TestContainer
  readonly #url: string

  private constructor(container: TestContainer, url: string) {
    this.#container = container
    this.#url = url
  }

  static async start(image: string): Promise<ContainerPostgres> {
    const [port] = await freePorts()
    const container = await TestContainer.start({
      image,
      port: 5432,
      hostPort: port,
      environment: { POSTGRES_USER: 'depthline', POSTGRES_PASSWORD: PASSWORD },
      command: ['postgres', '-c', 'fsync=off'],
      readyText: 'ready to accept connections',
    })
    const host = `${await containerHost()}:${port}`
    const url = `postgresql://depthline:${encodeURIComponent(PASSWORD)}@${host}/postgres`
    const postgres = new ContainerPostgres(container, url)
    await postgres.#serving()
    return postgres
  }

  makeDatabase(): Promise<string> {
    return makeDatabase(this.#url)
  }

  kill(): Promise<void> {
    return this.#container.kill()
  }

  async restart(): Promise<void> {
    await this.#container.restart()
    await this.#serving()
  }

  stop(): Promise<void> {
    return this.#container.stop()
  }

  /** The image says that it is ready a first time while it still makes its user, and is asked by nobody. */
  async #serving(): Promise<void> {
    for (const end = Date.now() + START_LIMIT_MS; ; await sleep(100)) {
      try {
        await queryPostgres(this.#url, 'SELECT 1')
        return
      } catch (error) {
        if (Date.now() > end) throw error
      }
    }
  }
}

class LocalPostgres implements TestPostgres {
  readonly #folder = mkdtempSync(join(tmpdir(), 'depthline-postgres-'))
  readonly #programs: string
  readonly #port: number
  /** PostgreSQL refuses to run as root, and its folder must be its user's own. */
  readonly #user = process.getuid?.() === 0 ? idsOf('postgres') : undefined
  readonly #data: string
  #child: ChildProcess | undefined
  #lines = ''

  constructor(programs: string, port: number) {
    this.#programs = programs
    this.#port = port
    this.#data = join(this.#folder, 'data')
    const passwordFile = join(this.#folder, 'password')
    writeFileSync(passwordFile, PASSWORD)
    for (const path of [this.#folder, passwordFile]) {
      if (this.#user !== undefined) chownSync(path, this.#user.uid, this.#user.gid)
    }
    const settings = ['-E', 'UTF8', '--locale=C', '--no-sync', '-A', 'scram-sha-256']
    const args = ['-D', this.#data, '-U', 'depthline', '--pwfile', passwordFile, ...settings]
    execFileSync(join(programs, 'initdb'), args, {
      ...this.#user,
      stdio: 'pipe',
      cwd: this.#folder,
    })
  }

  async makeDatabase(): Promise<string> {
    const password = encodeURIComponent(PASSWORD)
    return makeDatabase(`postgresql://depthline:${password}@127.0.0.1:${this.#port}/postgres`)
  }

  async restart(): Promise<void> {
    await this.kill()
    for (const end = Date.now() + START_LIMIT_MS; !(await this.#start()); await sleep(200)) {
      if (Date.now() > end) throw new Error(`PostgreSQL does not start:\n${this.#lines}`)
    }
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }

  /** False where it ends at once: the processes of one that was killed may still hold its memory. */
  async #start(): Promise<boolean> {
    const settings = ['fsync=off', 'listen_addresses=127.0.0.1', 'unix_socket_directories=']
    const args = ['-D', this.#data, '-p', String(this.#port)]
    const child = spawn(
      join(this.#programs, 'postgres'),
      [...args, ...settings.flatMap((setting) => ['-c', setting])],
      { ...this.#user, stdio: ['ignore', 'ignore', 'pipe'], cwd: this.#folder },
    )
    this.#lines = ''
    child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.#lines += text
    })
    const watcher = watchChild({ child, folder: this.#folder })
    child.once('exit', () => watcher.kill('SIGKILL'))
    while (child.exitCode === null && child.signalCode === null) {
      if (this.#lines.includes('ready to accept connections')) {
        this.#child = child
        return true
      }
      await sleep(20)
    }
    return false
  }
}

function borrowed(url: string): TestPostgres {
  const refuse = async () => {
    throw new Error('the PostgreSQL of DEPTHLINE_TEST_POSTGRES_URL is never killed')
  }
  const databases: string[] = []
  return {
    kill: refuse,
    restart: refuse,
    async makeDatabase() {
      const database = await makeDatabase(url)
      databases.push(new URL(database).pathname.slice(1))
      return database
    },
    async stop() {
      for (const name of databases) await queryPostgres(url, `DROP DATABASE ${name} WITH (FORCE)`)
    },
  }
}

async function makeDatabase(server: string): Promise<string> {
  const name = `depthline_test_${randomUUID().slice(0, 8)}`
  await queryPostgres(server, `CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = name
  return url.href
}

/** The folder of initdb and postgres: on the path, or where Debian keeps them, the newest one. */
function findPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian) : []
  const newest = versions.sort((a, b) => Number(b) - Number(a)).map((v) => join(debian, v, 'bin'))
  const folders = [...(process.env.PATH ?? '').split(':'), ...newest]
  const found = folders.find((folder) =>
    ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))),
  )
  const hasUser = process.getuid?.() !== 0 || idsOf('postgres') !== undefined
  return hasUser ? found : undefined
}

/** The user's numbers; undefined where there is no such user. */
function idsOf(user: string): { uid: number; gid: number } | undefined {
  try {
    const [uid, gid] = ['-u', '-g'].map((flag) => {
      return Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: 'pipe' }))
    })
    return { uid: uid!, gid: gid! }
  } catch {
    return undefined
  }
}
