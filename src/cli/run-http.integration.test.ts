/** `run --http` as Prometheus and a supervisor see it: the numbers of its ticks, and whether it is well. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startBroker } from '../testing/broker.js'
import { killLeftovers, runCli, startCli } from '../testing/cli.js'
import { HTTP, metricsOf, originOf, readinessOf, until } from '../testing/job-pages.js'
import { seriesValue, valuesBy } from '../testing/prometheus-text.js'
import { runTopics, startRun, stopRun, ticksOf, tickWithRecords } from '../testing/run-job.js'
import { produce } from '../testing/topics.js'

const LIMIT_MS = 90_000

afterEach(killLeftovers)

const open = (id: number, price = 10, side = 'BUY') =>
  `{"order_id":${id},"symbol":"A-B","order_side":"${side}","size":1,"price":${price},"status":"OPEN"}`
const closed = (id: number) => `{"order_id":${id},"status":"CLOSED"}`

/** A few of each kind: in the order of their ids, so that one partition or many give the same counts. */
const RECORDS = Array.from({ length: 500 }, (_, id) => [
  { key: String(id), value: open(id, 1 + (id % 20)) },
  { key: String(id), value: id % 3 === 0 ? closed(id) : open(id, 1 + (id % 20)) },
  { key: String(id), value: id % 5 === 0 ? 'junk' : null },
]).flat()

describe('the metrics of run', () => {
  it('are the numbers of its ticks and of its summary', { timeout: LIMIT_MS }, async () => {
    const topics = runTopics('metrics')
    const job = await startRun(topics, HTTP)
    await produce(topics.input, [...RECORDS, { key: 'x', value: open(9_999, 1, 'SELL') }])
    await tickWithRecords(topics.output, RECORDS.length + 1)
    const page = await until(
      () => metricsOf(job),
      (found) => {
        const lags = Object.values(valuesBy(found, 'depthline_lag_records', 'partition'))
        return lags.length === 4 && lags.every((lag) => lag === 0)
      },
    )
    const value = (name: string) => seriesValue(page, `depthline_${name}`)
    const lastTick = value('last_tick_timestamp_seconds')!
    const ticks = (await ticksOf(topics.output)).filter(({ tick }) => tick <= lastTick)
    expect(value('ticks_total')).toBe(ticks.length)
    expect(value('missed_ticks_total')).toBe(ticks.reduce((sum, { missed }) => sum + missed, 0))
    expect(value('tick_lateness_seconds_count')).toBe(ticks.length)
    expect(value('crossed_books')).toBe(JSON.parse(ticks.at(-1)!.record.headers.crossed!).length)
    const rejected = ticks.reduce((sum, tick) => sum + tick.rejected, 0)
    const levels = JSON.parse(ticks.at(-1)!.value) as { side: string }[]
    const { bids } = valuesBy(page, 'depthline_levels', 'side')
    expect(bids).toBe(20)
    expect(levels.filter(({ side }) => side.startsWith('buy')).length).toBe(15)
    const summary = await stopRun(job)
    const { applied, ignored, tombstones, openOrders, byOutcome } = summary
    expect(summary.rejected).toBe(rejected)
    expect(value('dead_letters_total')).toBe(rejected)
    const kinds = valuesBy(page, 'depthline_records_total', 'kind')
    expect(kinds).toEqual({ applied, ignored, rejected, tombstones })
    expect(value('open_orders')).toBe(openOrders)
    const shown = {
      ...valuesBy(page, 'depthline_events_total', 'outcome'),
      ...valuesBy(page, 'depthline_rejected_records_total', 'reason'),
    }
    expect(shown).toMatchObject(byOutcome)
    expect(Object.values(shown).reduce((sum, count) => sum + count, tombstones)).toBe(
      summary.records,
    )
  })

  it('name no symbol, order or text of the input', { timeout: LIMIT_MS }, async () => {
    const topics = runTopics('metrics')
    const job = await startRun(topics, HTTP)
    const symbol = 'EVIL-SYMBOL'
    const value = open(1).replace('A-B', symbol)
    await produce(topics.input, [{ value }, { value: `{"evil_junk":${symbol}` }])
    await tickWithRecords(topics.output, 2)
    const page = await (await fetch(`${await originOf(job)}/metrics`)).text()
    expect(page).toContain('depthline_symbols 1')
    expect(page).not.toMatch(/evil/i)
    await stopRun(job)
  })
})

describe('the health of run', () => {
  it.skipIf(process.env.KAFKA_BROKERS !== undefined)(
    'is 503 while the broker stands still, with the reason, and 200 again after',
    { timeout: LIMIT_MS },
    async () => {
      const broker = await startBroker()
      try {
        const job = await startRun(runTopics('health'), HTTP, {
          env: { KAFKA_BROKERS: broker.brokers },
        })
        const isReady = ({ status }: { status: number }) => status === 200
        await until(() => readinessOf(job), isReady)
        await broker.pause()
        const { why } = await until(
          () => readinessOf(job),
          (found) => !isReady(found),
        )
        expect(why).toMatch(/^the last tick was [34] s ago$/)
        expect((await fetch(`${await originOf(job)}/livez`)).status).toBe(200)
        expect(seriesValue(await metricsOf(job), 'depthline_ticks_total')).toBeGreaterThan(0)
        await broker.resume()
        await until(() => readinessOf(job), isReady)
        // The tick that the pause held up may come first; only the next one counts what was missed.
        await until(
          () => metricsOf(job),
          (page) => seriesValue(page, 'depthline_missed_ticks_total')! > 1,
        )
        await stopRun(job)
      } finally {
        await broker.resume()
        await broker.stop()
      }
    },
  )

  it('is that of a standby while it follows, and of the leader when it is one', {
    timeout: LIMIT_MS,
  }, async () => {
    const topics = runTopics('health')
    const leader = await startRun(topics, HTTP)
    await until(
      () => readinessOf(leader),
      ({ status }) => status === 200,
    )
    const standby = await startRun(topics, [...HTTP, '--standby'])
    await until(
      () => readinessOf(standby),
      ({ status }) => status === 200,
    )
    const role = async () => valuesBy(await metricsOf(standby), 'depthline_role', 'role')
    expect(await role()).toMatchObject({ starting: 0, standby: 1, leader: 0 })
    await leader.stop('SIGKILL')
    await until(role, ({ leader: leads }) => leads === 1)
    await until(
      () => readinessOf(standby),
      ({ status }) => status === 200,
    )
    await until(
      () => metricsOf(standby),
      (page) => seriesValue(page, 'depthline_missed_ticks_total')! > 0,
    )
    await stopRun(standby)
  })
})

describe('the server of run', () => {
  it('ends the start with 2 where its port is taken, before anything asks Kafka', async () => {
    const first = startCli(['run', ...HTTP, '--input', 'x'], {
      env: { KAFKA_BROKERS: '127.0.0.1:1' },
    })
    const { port } = new URL(await originOf(first))
    const env = { KAFKA_BROKERS: '127.0.0.1:1' }
    const { code, stderr } = await runCli(['run', '--http', `127.0.0.1:${port}`], { env })
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `depthline: --http 127.0.0.1:${port}: another process listens there\n`,
    })
    await first.stop('SIGKILL')
  })

  it('lets the process end at once, with askers connected', { timeout: LIMIT_MS }, async () => {
    const job = await startRun(runTopics('health'), HTTP)
    const { port } = new URL(await originOf(job))
    const idle = connect(Number(port), '127.0.0.1')
    await once(idle, 'connect')
    idle.on('error', () => {})
    idle.write('GET /metrics HTTP/1.1\r\n')
    const asked = performance.now()
    await stopRun(job)
    expect(performance.now() - asked).toBeLessThan(5_000)
  })
})
