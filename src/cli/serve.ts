/** `depthline serve`: wires page, API and stream to the topics and the lake. */
import type { Command } from 'commander'
import * as z from 'zod'
import { checkFlags, kafkaSettings, topicName, wholeNumber } from '../config.js'
import { DepthlineError } from '../errors.js'
import { connect, disconnect } from '../kafka/client.js'
import { readPageFiles } from '../web/page-files.js'
import { startWebServer, type WebOptions, type WebPorts } from '../web/server.js'
import { type HttpAddress, hostList, httpAddress } from './http-flags.js'
import { openLog, systemClock } from './process.js'
import { feedRounds, feedTicks, followLag } from './serve-feeds.js'
import { openHistory, openLakeReports } from './serve-sources.js'
import { stopSignal } from './stop-signal.js'
import { followVerified } from './verified.js'
import { version } from './version.js'

const Flags = z.object({
  http: httpAddress(),
  topic: topicName(),
  input: topicName(),
  analytics: topicName(),
  depth: topicName(),
  allowHost: hostList(),
  simulated: z.boolean().default(false),
  rate: wholeNumber(1, 100_000),
  maxStreams: wholeNumber(1, 10_000),
})

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .summary('web page, API and metrics')
    .description(
      'Shows the books of every second and the exchanges of every minute to browsers and programs: a page at /, an API described by /openapi.json, a stream of ticks, metrics and health. It only reads, in groups of its own, so that no viewer can delay a tick; topics that are not there yet are waited for.',
    )
    .option('--http <host:port>', 'where to listen', '127.0.0.1:8080')
    .option('--topic <topic>', 'the output topic of run', 'order-book')
    .option('--input <topic>', 'order events, to say how far behind the books are', 'orders')
    .option('--analytics <topic>', 'market analytics of analyse', 'market-analytics')
    .option('--depth <topic>', 'exchange depth of analyse', 'exchange-depth')
    .option('--allow-host <names>', 'names it may be asked by, besides its own; HOST or HOST:PORT')
    .option('--simulated', 'say that the data is made up')
    .option('--rate <n>', 'requests a second and address', '50')
    .option('--max-streams <n>', 'readers of the stream at once', '256')
    .action(serveCommand)
}

async function serveCommand(options: unknown): Promise<void> {
  const flags = checkFlags(Flags, options)
  const log = openLog('serve')
  const page = await readPageFiles()
  const cluster = await connect(kafkaSettings(process.env), log, stopSignal)
  const end = new AbortController()
  const signal = AbortSignal.any([stopSignal, end.signal])
  try {
    const lag = followLag(cluster, flags.input, signal)
    const verified = followVerified(process.env, flags.topic, signal)
    const history = await openHistory(cluster, flags.topic)
    const lake = openLakeReports(process.env)
    const server = await listen(
      { history, lake, lag: lag.of, verified: verified.newest, now: systemClock.now, log, page },
      webOptions(flags),
    )
    sayWhere(flags.http, server.port, log)
    // One that cannot go on ends the others, and the process with it.
    await Promise.all([
      feedTicks(cluster, { topic: flags.topic, server, signal }),
      feedRounds(cluster, { ...flags, server, signal }),
    ]).finally(() => {
      end.abort()
      return server.close()
    })
  } finally {
    end.abort()
    await disconnect(cluster)
  }
}

function webOptions(flags: Readonly<z.infer<typeof Flags>>): WebOptions {
  const { http, allowHost: allowHosts, simulated, rate, maxStreams: streams } = flags
  return { ...http, allowHosts, simulated, rate, streams, version }
}

async function listen(ports: WebPorts, options: WebOptions) {
  try {
    return await startWebServer(ports, options)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw cause
    const message = `--http: cannot listen on ${options.host}:${options.port}: ${code}`
    throw new DepthlineError('USAGE', message, { cause })
  }
}

function sayWhere({ host }: HttpAddress, port: number, log: ReturnType<typeof openLog>): void {
  const name = host.includes(':') ? `[${host}]` : host
  log.info({ url: `http://${name}:${port}/` }, 'serving')
  if (['127.0.0.1', 'localhost', '::1'].includes(host)) return
  log.warn({ host }, 'reachable from elsewhere, and there is no password: put a proxy in front')
}
