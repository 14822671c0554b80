/** The pages that a job serves with `--http`, as Prometheus and a supervisor ask for them. */
import type { RunningCli } from './cli.js'
import { type MetricFamily, parseMetrics } from './prometheus-text.js'

/** The flag; the system chooses the port. */
export const HTTP = ['--http', '127.0.0.1:0']

export async function metricsOf(job: RunningCli): Promise<Map<string, MetricFamily>> {
  const reply = await fetch(`${await originOf(job)}/metrics`)
  if (reply.status !== 200) throw new Error(`the page answered ${reply.status}`)
  return parseMetrics(await reply.text())
}

/** The status of `/readyz`, and why it is not 200 where it is not. */
export async function readinessOf(job: RunningCli): Promise<{ status: number; why: string }> {
  const reply = await fetch(`${await originOf(job)}/readyz`)
  const text = await reply.text()
  return { status: reply.status, why: reply.status === 200 ? '' : JSON.parse(text).message }
}

export async function originOf(job: RunningCli): Promise<string> {
  const said = /"port":(\d+),"msg":"serving metrics"/
  if (!said.test(job.stderr)) await job.logged('"msg":"serving metrics"')
  return `http://127.0.0.1:${said.exec(job.stderr)?.[1]}`
}

/** Asks until the answer is as wanted; rejects with the last one where it never is. */
export async function until<T>(
  ask: () => Promise<T>,
  isWanted: (answer: T) => boolean,
  limitMs = 25_000,
): Promise<T> {
  for (const start = performance.now(); ; ) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    if (performance.now() - start > limitMs) {
      throw new Error(`after ${limitMs} ms still ${JSON.stringify(answer)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
