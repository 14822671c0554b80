/** kill -9 of poll and of analyse at random, on simulated exchanges and a real broker, judged with all that is left. */
import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startSimulatedExchanges } from '../src/testing/exchanges/simulated-exchanges.js'
import { judgeRounds, type RoundsVerdict } from '../src/testing/judge-rounds.js'
import { plainKafka, readWhole } from '../src/testing/plain-topic.js'
import { Random } from '../src/testing/random.js'
import { Depthline } from './processes.js'
import { note } from './sections.js'

const EXCHANGES = ['coinbase', 'kraken']
const MARKETS = ['BTC-USD', 'ETH-USD']
const PERIOD_S = 2
const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

export interface ExchangeKillsOptions {
  readonly brokers: string
  /** Of poll, and as many of analyse. */
  readonly kills: number
  readonly seed: number
  /** Of a simulated book, a side. */
  readonly levels: number
}

export interface ExchangeKillsResult extends RoundsVerdict {
  readonly kills: number
  readonly isKept: boolean
}

/** Plays the kills, lets everything end, and compares with what one process makes of it in one go. */
export async function exchangeKills(options: ExchangeKillsOptions): Promise<ExchangeKillsResult> {
  const stage = await Stage.open(options)
  const random = new Random(options.seed)
  const failures: string[] = []
  try {
    for (let kill = 0; kill < 2 * options.kills; kill++) {
      await sleep(300 + random.below(2_500))
      await stage.kill(kill % 2 === 0 ? 'poll' : 'analyse')
      // A supervisor starts it again at once, or a while later.
      await sleep(random.below(4) === 0 ? random.below(5_000) : 0)
      stage.restart(kill % 2 === 0 ? 'poll' : 'analyse')
    }
    await sleep(3 * PERIOD_S * 1_000)
    failures.push(...(await stage.end()))
    const verdict = await judgeRounds(stage.judged)
    const findings = [...verdict.findings, ...failures, ...(await stage.compareWithOneGo())]
    return { ...verdict, kills: 2 * options.kills, findings, isKept: findings.length === 0 }
  } finally {
    await stage.close()
  }
}

type Role = 'poll' | 'analyse'

class Stage {
  readonly #name = `exchange-${randomUUID().slice(0, 6)}`
  readonly #folder = mkdtempSync(join(tmpdir(), 'depthline-exchange-kills-'))
  readonly #brokers: string
  readonly #exchanges: Awaited<ReturnType<typeof startSimulatedExchanges>>
  readonly #acknowledged: number[] = []
  readonly #running: Record<Role, Depthline>

  private constructor(
    { brokers }: ExchangeKillsOptions,
    exchanges: Awaited<ReturnType<typeof startSimulatedExchanges>>,
  ) {
    this.#brokers = brokers
    this.#exchanges = exchanges
    this.#running = { poll: this.#start('poll'), analyse: this.#start('analyse') }
  }

  static async open(options: ExchangeKillsOptions): Promise<Stage> {
    const { levels, seed } = options
    const stage = new Stage(options, await startSimulatedExchanges({ levels, seed }))
    await stage.#running.poll.logged('"msg":"polled"')
    await stage.#running.analyse.logged('"msg":"analysed"')
    return stage
  }

  get judged() {
    const { input, depth, analytics } = this.#topics()
    const asked = { exchanges: EXCHANGES, markets: MARKETS, periodMs: PERIOD_S * 1_000 }
    const acknowledged = this.#acknowledged
    return { brokers: this.#brokers, input, depth, analytics, acknowledged, ...asked }
  }

  async kill(role: Role): Promise<void> {
    await this.#running[role].stop('SIGKILL')
    this.#noteAcknowledged(role)
    note(`killed ${role}`)
  }

  restart(role: Role): void {
    this.#running[role] = this.#start(role)
  }

  /** Stops both as a person would; says what did not end well. */
  async end(): Promise<string[]> {
    const failures: string[] = []
    for (const role of ['poll', 'analyse'] as const) {
      const { lines, hasEnded } = this.#running[role]
      const code = await this.#running[role].stop()
      this.#noteAcknowledged(role)
      if (hasEnded || code !== 0) failures.push(`${role} ended with ${code}: ${lines.join(' | ')}`)
      // Whatever poll has written is analysed before that is stopped.
      if (role === 'poll') await sleep(2_000)
    }
    return failures
  }

  /** The same from the topic in one go, and once more from the raw books of that lake. */
  async compareWithOneGo(): Promise<string[]> {
    const again = this.#topics('again-')
    const folder = join(this.#folder, 'again')
    const flags = ['--depth', again.depth, '--analytics', again.analytics]
    const { input, depth, analytics } = this.#topics()
    await this.#run(['analyse', '--once', '--input', input, ...flags], folder)
    const rebuilt = join(this.#folder, 'rebuilt')
    await this.#run(['analyse', '--from-lake', '--out', join(rebuilt, 'lake')], folder)
    const data = join(this.#folder, 'data')
    return [
      ...(await this.#compareTopics(depth, again.depth)),
      ...(await this.#compareTopics(analytics, again.analytics)),
      ...compareFiles(data, folder, ['exchange_polls', 'exchange_depth', 'market_analytics']),
      ...compareFiles(data, rebuilt, ['exchange_depth', 'market_analytics']),
    ]
  }

  async close(): Promise<void> {
    for (const role of ['poll', 'analyse'] as const) {
      if (!this.#running[role].hasEnded) await this.#running[role].stop('SIGKILL')
    }
    await this.#exchanges.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #topics(prefix = '') {
    const name = `${this.#name}.${prefix}`
    return { input: `${this.#name}.books`, depth: `${name}depth`, analytics: `${name}analytics` }
  }

  #start(role: Role): Depthline {
    const { input, depth, analytics } = this.#topics()
    const flags = {
      poll: ['--output', input, '--every', String(PERIOD_S)],
      analyse: ['--input', input, '--depth', depth, '--analytics', analytics],
    }
    return new Depthline([role, ...flags[role]], this.#env(join(this.#folder, 'data')))
  }

  #env(dataFolder: string) {
    return {
      ...this.#exchanges.environment(),
      KAFKA_BROKERS: this.#brokers,
      DEPTHLINE_DATA: dataFolder,
      LOG_LEVEL: 'info',
    }
  }

  /** What the process has said it wrote, from the end of its log. */
  #noteAcknowledged(role: Role): void {
    if (role !== 'poll') return
    for (const line of this.#running.poll.lines) {
      if (!line.includes('"msg":"polled')) continue
      this.#acknowledged.push(Date.parse(/"pollAt":"([^"]+)"/.exec(line)![1]!))
    }
  }

  async #run(args: readonly string[], dataFolder: string): Promise<void> {
    const { PATH, HOME, TZ } = process.env
    const env = { PATH, HOME, TZ, ...this.#env(dataFolder) }
    await promisify(execFile)(process.execPath, [CLI, ...args], { env })
  }

  async #compareTopics(one: string, other: string): Promise<string[]> {
    const kafka = plainKafka(this.#brokers)
    const [left, right] = await Promise.all([readWhole(kafka, one), readWhole(kafka, other)])
    const at = left.findIndex(({ value }, index) => !value!.equals(right[index]?.value ?? EMPTY))
    if (at < 0 && left.length === right.length) return []
    return [`${one} has ${left.length} records, ${other} ${right.length}; they differ at ${at}`]
  }
}

const EMPTY = Buffer.alloc(0)

/** Whether the tables of two lakes hold the same files with the same bytes. */
function compareFiles(one: string, other: string, tables: readonly string[]): string[] {
  return tables.flatMap((table) => {
    const [left, right] = [one, other].map((folder) => filesOf(join(folder, 'lake', table)))
    return left === right ? [] : [`${table} in ${one} and ${other} differ:\n${left}\n${right}`]
  })
}

/** A line for each file: its path and hash. */
function filesOf(folder: string, path = ''): string {
  const names = readdirSync(join(folder, path)).sort()
  const lines = names.map((name) => {
    const file = join(path, name)
    // Hours are links to folders, which are followed.
    if (statSync(join(folder, file)).isDirectory()) return filesOf(folder, file)
    return `${file} ${createHash('sha256')
      .update(readFileSync(join(folder, file)))
      .digest('hex')}`
  })
  return lines.filter((line) => line !== '').join('\n')
}
