/** The page of `run` holds what the job says, in the form that Prometheus takes. */
import { describe, expect, it } from 'vitest'
import { parseMetrics, seriesValue, valuesBy } from '../testing/prometheus-text.js'
import { RunMetrics } from './run-metrics.js'

const ABOUT = { command: 'run', version: '9.9.9', name: 'order-book', snapshotSeconds: 30 }

const READING = {
  role: 'leader',
  records: {
    applied: 5,
    ignored: 2,
    rejected: 3,
    tombstones: 1,
    byOutcome: { opened: 4, closed: 1, duplicate_close: 2, invalid_json: 2, symbol_changed: 1 },
  },
  ticks: 7,
  missed: 1,
  deadLetters: 3,
  openOrders: 4,
  waitingCloses: 2,
  symbols: 2,
  levels: { bids: 3, asks: 1 },
  crossed: 1,
  lastTick: { tick: 1_700_000_007, agoMs: 120 },
  snapshots: {
    taken: 2,
    failures: 1,
    last: { tick: 1_700_000_001, durationMs: 250, bytes: 4096 },
  },
} as const

describe('the page of run', () => {
  it('holds every number of a reading', async () => {
    const metrics = new RunMetrics({ ...ABOUT, lags: () => [3, 0] })
    metrics.begun(() => READING)
    metrics.ticked(12)
    metrics.ticked(-3)
    metrics.committed(40)
    metrics.inDoubt()
    const page = parseMetrics(await metrics.page())
    expect(valuesBy(page, 'depthline_records_total', 'kind')).toEqual({
      applied: 5,
      ignored: 2,
      rejected: 3,
      tombstones: 1,
    })
    expect(valuesBy(page, 'depthline_rejected_records_total', 'reason')).toEqual({
      too_large: 0,
      invalid_json: 2,
      not_an_object: 0,
      duplicate_key: 0,
      missing_field: 0,
      invalid_field: 0,
      symbol_changed: 1,
      order_already_closed: 0,
    })
    expect(valuesBy(page, 'depthline_events_total', 'outcome')).toMatchObject({
      opened: 4,
      closed: 1,
      amended: 0,
      duplicate_close: 2,
    })
    expect(valuesBy(page, 'depthline_lag_records', 'partition')).toEqual({ 0: 3, 1: 0 })
    expect(valuesBy(page, 'depthline_levels', 'side')).toEqual({ bids: 3, asks: 1 })
    const roles = { starting: 0, standby: 0, leader: 1, shard: 0 }
    expect(valuesBy(page, 'depthline_role', 'role')).toEqual(roles)
    const single = {
      depthline_ticks_total: 7,
      depthline_missed_ticks_total: 1,
      depthline_dead_letters_total: 3,
      depthline_open_orders: 4,
      depthline_waiting_closes: 2,
      depthline_symbols: 2,
      depthline_crossed_books: 1,
      depthline_last_tick_timestamp_seconds: 1_700_000_007,
      depthline_snapshots_total: 2,
      depthline_snapshot_failures_total: 1,
      depthline_snapshot_timestamp_seconds: 1_700_000_001,
      depthline_snapshot_duration_seconds: 0.25,
      depthline_snapshot_size_bytes: 4096,
      depthline_snapshot_interval_seconds: 30,
      depthline_commits_in_doubt_total: 1,
      depthline_commit_duration_seconds_sum: 0.04,
      depthline_tick_lateness_seconds_sum: 0.012,
      depthline_tick_lateness_seconds_count: 2,
      depthline_build_info: 1,
    }
    const shown = Object.keys(single).map((name) => [name, seriesValue(page, name)])
    expect(Object.fromEntries(shown)).toEqual(single)
  })

  it('shows counters at zero and no books before there are any', async () => {
    const page = parseMetrics(await new RunMetrics({ ...ABOUT, lags: () => undefined }).page())
    expect(seriesValue(page, 'depthline_ticks_total')).toBe(0)
    expect(valuesBy(page, 'depthline_events_total', 'outcome')).toMatchObject({ opened: 0 })
    expect(valuesBy(page, 'depthline_role', 'role')).toMatchObject({ starting: 1, leader: 0 })
    expect(seriesValue(page, 'depthline_open_orders')).toBeUndefined()
    expect(seriesValue(page, 'depthline_lag_records')).toBeUndefined()
  })

  it('takes no label from the input, and forgets values that are gone', async () => {
    let lags: number[] | undefined = [1, 2]
    const metrics = new RunMetrics({ ...ABOUT, lags: () => lags })
    const byOutcome = { ...READING.records.byOutcome, 'text from outside': 1 }
    metrics.begun(() => ({ ...READING, records: { ...READING.records, byOutcome } }))
    await metrics.page()
    lags = undefined
    const text = await metrics.page()
    expect(text).not.toContain('outside')
    expect(seriesValue(parseMetrics(text), 'depthline_lag_records')).toBeUndefined()
  })

  it('names the process: processor time, memory and how late the event loop is', async () => {
    const page = parseMetrics(await new RunMetrics({ ...ABOUT, lags: () => undefined }).page())
    expect(seriesValue(page, 'process_cpu_seconds_total')).toBeGreaterThan(0)
    expect(seriesValue(page, 'process_resident_memory_bytes')).toBeGreaterThan(1e6)
    expect(page.has('nodejs_eventloop_lag_seconds')).toBe(true)
  })
})
