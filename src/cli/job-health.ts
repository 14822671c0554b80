/** Metrics and health of the jobs, where `--http` asks for them: their code is not even loaded where it does not. */
import { DepthlineError } from '../errors.js'
import type { AnalyseMonitor, PollMonitor, RunMonitor } from '../jobs/monitor.js'
import type { Log, LogReader } from '../jobs/ports.js'
import { whyAnalyseIsNotReady, whyPollIsNotReady, whyRunIsNotReady } from '../jobs/readiness.js'
import type { HttpFlags } from './http-flags.js'
import { version } from './version.js'

interface Pages {
  page(): Promise<string>
  whyNotReady(): string | undefined
}

/**
 * @returns undefined without `--http`
 * @throws DepthlineError USAGE where it cannot listen there
 */
export async function runHealth(
  flags: HttpFlags & { readonly snapshotSeconds: number },
  name: string,
  log: Log,
) {
  if (!isAsked(flags)) return undefined
  const { RunMetrics } = await import('../metrics/run-metrics.js')
  const { Sampled } = await import('../metrics/backlog.js')
  let lags: { readonly newest: readonly number[] | undefined } | undefined
  const { snapshotSeconds } = flags
  const about = { command: 'run', version, name, snapshotSeconds }
  const metrics = new RunMetrics({ ...about, lags: () => lags?.newest })
  const whyNotReady = () => whyRunIsNotReady(metrics.read())
  await serve(flags, { page: () => metrics.page(), whyNotReady }, log)
  const monitor: RunMonitor = metrics
  return {
    monitor,
    /** Asks from now on how much is still to be read. */
    measureLag(source: { lags(): Promise<readonly number[]> }): void {
      const sampled = new Sampled(() => source.lags())
      sampled.start()
      lags = sampled
    },
  }
}

/** As {@link runHealth}. */
export async function pollHealth(
  flags: HttpFlags,
  options: { readonly exchanges: readonly string[]; readonly periodMs: number },
  log: Log,
): Promise<PollMonitor | undefined> {
  if (!isAsked(flags)) return undefined
  const { PollMetrics } = await import('../metrics/poll-metrics.js')
  const metrics = new PollMetrics({ command: 'poll', version, ...options })
  const whyNotReady = () => whyPollIsNotReady(metrics.read(), options.periodMs)
  await serve(flags, { page: () => metrics.page(), whyNotReady }, log)
  return metrics
}

/** As {@link runHealth}. */
export async function analyseHealth(flags: HttpFlags, log: Log) {
  if (!isAsked(flags)) return undefined
  const { AnalyseMetrics } = await import('../metrics/analyse-metrics.js')
  const { Backlog } = await import('../metrics/backlog.js')
  const backlog = new Backlog()
  const metrics = new AnalyseMetrics({ command: 'analyse', version, backlog: () => backlog.read() })
  const whyNotReady = () => whyAnalyseIsNotReady(backlog.read()?.waitingMs)
  await serve(flags, { page: () => metrics.page(), whyNotReady }, log)
  const monitor: AnalyseMonitor = metrics
  return {
    monitor,
    /** @param end asks for the offset after the topic's last record */
    watch: (reader: LogReader, end: () => Promise<number>): LogReader => backlog.watch(reader, end),
  }
}

function isAsked({ http, allowHost }: HttpFlags): boolean {
  if (http !== undefined) return true
  if (allowHost.length > 0) throw new DepthlineError('USAGE', '--allow-host needs --http')
  return false
}

async function serve({ http, allowHost }: HttpFlags, pages: Pages, log: Log): Promise<void> {
  const { startHealthServer } = await import('../web/health-server.js')
  const { host } = http!
  const { port } = await startHealthServer({ ...pages, host, port: http!.port, allowHost })
  log.info({ host, port }, 'serving metrics')
}
