/** Everything that stands behind the page, as people start it: jobs, simulated exchanges, and `serve`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killLeftovers, type RunningCli, startCli } from './cli.js'
import {
  type SimulatedExchanges,
  startSimulatedExchanges,
} from './exchanges/simulated-exchanges.js'
import { runTopics, startRun } from './run-job.js'
import { uniqueName } from './topics.js'

const POLL_SECONDS = '5'

export interface PageChain {
  readonly url: string
  readonly exchanges: SimulatedExchanges
  /** The processor, to be stopped. */
  readonly run: RunningCli
  stop(): Promise<void>
}

export async function startPageChain(): Promise<PageChain> {
  const folder = mkdtempSync(join(tmpdir(), 'depthline-page-'))
  const exchanges = await startSimulatedExchanges({ levels: 200 })
  const env = { ...exchanges.environment(), DEPTHLINE_DATA: folder }
  const topics = runTopics('page')
  const name = uniqueName('page-rounds')
  const rounds = ['--analytics', `${name}.analytics`, '--depth', `${name}.depth`]
  const run = await startRun(topics, [], { env })
  startCli(['emulate', '--topic', topics.input], { env })
  startCli(['poll', '--every', POLL_SECONDS, '--output', `${name}.books`], { env })
  const books = ['--input', `${name}.books`, '--dead-letters', `${name}.dead`]
  startCli(['analyse', ...books, ...rounds], { env })
  const from = ['--topic', topics.output, '--input', topics.input, ...rounds]
  const serve = startCli(['serve', '--http', '127.0.0.1:0', '--simulated', ...from], { env })
  await serve.logged('"msg":"serving"')
  const [, url = ''] = /"url":"(http:[^"]+)\/"/.exec(serve.stderr) ?? []
  return {
    url,
    exchanges,
    run,
    async stop() {
      await killLeftovers()
      await exchanges.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
