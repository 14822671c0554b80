import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { recordOf } from '../testing/memory-job.js'
import { recordHash } from '../wire/progress.js'
import { RecordList } from '../wire/record-batch.js'
import { OrderIntake } from './order-intake.js'
import { OrderProcessor } from './order-processor.js'

const open = (id: number) =>
  `{"order_id":${id},"symbol":"A-B","order_side":"BUY","size":1,"price":${id + 1},"status":"OPEN"}`

/** An intake of one partition whose slices go on only when they are let. */
function intakeInSteps() {
  const processor = new OrderProcessor({ levels: 15, limits: DEFAULT_LIMITS, seed: 1 })
  const steps: (() => void)[] = []
  const clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: async () => {},
    yield: () => new Promise<void>((go) => steps.push(go)),
  }
  const source = { topic: 'orders', pause: () => {}, resume: () => {} }
  const intake = new OrderIntake(processor, clock, source, { offsets: [0], lastRecords: [] })
  intake.open()
  const step = async () => {
    steps.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { intake, processor, step }
}

/** Records with these offsets, each an order of its own. */
function batchOf(...offsets: number[]): RecordList {
  return new RecordList(
    0,
    offsets.map((offset) => recordOf(open(offset), offset)),
  )
}

describe('the intake', () => {
  it('takes more while few records wait, and no more than that', async () => {
    const { intake, step } = intakeInSteps()
    const batch = (first: number) => batchOf(...Array.from({ length: 600 }, (_, at) => first + at))
    let taken = 0
    for (const first of [0, 600, 1_200]) intake.apply(batch(first)).then(() => taken++)
    await new Promise((resolve) => setImmediate(resolve))
    expect([taken, intake.offsets[0]]).toEqual([2, 600])
    await step()
    expect([taken, intake.offsets[0]]).toEqual([3, 1_200])
  })

  it('applies nothing from hold to release', async () => {
    const { intake, processor, step } = intakeInSteps()
    intake.apply(batchOf(0))
    intake.hold()
    intake.apply(batchOf(1))
    for (let count = 0; count < 5; count++) await step()
    expect([intake.offsets[0], processor.books.openOrders]).toEqual([1, 1])
    intake.release()
    await step()
    expect([intake.offsets[0], processor.books.openOrders]).toEqual([2, 2])
  })

  it('applies nothing on hold either where dead letters were in the way', async () => {
    const { intake, processor, step } = intakeInSteps()
    const junk = Array.from({ length: 10_000 }, (_, offset) => recordOf('junk', offset))
    intake.apply(new RecordList(0, [...junk, recordOf(open(1), 10_000)]))
    for (let count = 0; count < 11; count++) await step()
    expect([intake.isFull, intake.offsets[0]]).toEqual([true, 10_000])
    intake.hold()
    intake.settle(intake.takeDeadLetters(), true)
    for (let count = 0; count < 5; count++) await step()
    expect(processor.books.openOrders).toBe(0)
    intake.release()
    await step()
    expect(processor.books.openOrders).toBe(1)
  })

  it('keeps the place and the last record where offsets have gaps', async () => {
    const { intake } = intakeInSteps()
    intake.apply(batchOf(0, 3, 9))
    expect(intake.offsets).toEqual([10])
    expect(intake.lastRecords).toEqual([recordHash(recordOf(open(9), 9))])
  })

  it('rejects where applying fails, though nothing more comes', async () => {
    const { intake, step } = intakeInSteps()
    intake.apply(batchOf(0, 1))
    await step()
    intake.apply(new RecordList(0, [recordOf(open(7), 1), recordOf(open(2), 2)]))
    await expect(intake.failed).rejects.toMatchObject({ code: 'LOG_LOST' })
  })
})
