/** What every command shares of being a process: logs, signals, exit codes, the clock. */
import { setImmediate } from 'node:timers/promises'
import { type Logger, pino } from 'pino'
import { DepthlineError, ExitCode } from '../errors.js'
import type { Clock } from '../jobs/ports.js'
import { redaction } from './secrets.js'

// Loaded only where a person reads along, for it takes longer to load than most commands to start.
const pretty = process.stderr.isTTY ? (await import('pino-pretty')).default : undefined

const withoutSecrets = redaction(process.env)

/** Logs on standard error: JSON lines, or for people where a terminal shows them. */
export function openLog(command: string): Logger {
  const level = process.env.LOG_LEVEL || 'info'
  if (!['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].includes(level)) {
    throw new DepthlineError('USAGE', `LOG_LEVEL: no such level "${level}"`)
  }
  const options = { level, base: { command }, hooks: { streamWrite: withoutSecrets } }
  if (pretty === undefined) return pino(options, pino.destination({ dest: 2, sync: true }))
  const colorize = !process.env.NO_COLOR
  return pino(options, pretty({ destination: 2, sync: true, colorize, ignore: 'pid,hostname' }))
}

/** Says on standard error what went wrong, and gives the exit code for it. */
export function reportFailure(error: unknown): number {
  if (error instanceof DepthlineError) {
    if (error.code === 'STOPPED') return error.exitCode
    process.stderr.write(withoutSecrets(`depthline: ${error.message}\n`))
    return error.exitCode
  }
  const said = error instanceof Error ? error.stack : error
  process.stderr.write(withoutSecrets(`depthline: a bug: ${said}\n`))
  return ExitCode.bug
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.max(0, ms))
      signal?.addEventListener('abort', done)
    })
  },
  yield: () => setImmediate(),
}
