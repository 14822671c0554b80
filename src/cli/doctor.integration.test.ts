/** `depthline doctor` on a real broker: before a job, beside one, and with what would stop it. */
import { afterEach, describe, expect, it } from 'vitest'
import { killLeftovers, runCli } from '../testing/cli.js'
import { runTopics, startRun, stopRun, tickWhere } from '../testing/run-job.js'
import { makeTopic, withAdmin } from '../testing/topics.js'

afterEach(killLeftovers)

function doctor({ input, output, deadLetters }: ReturnType<typeof runTopics>) {
  return runCli(['doctor', '--input', input, '--output', output, '--dead-letters', deadLetters])
}

describe('doctor', () => {
  it('finds nothing wrong before a job and beside one, and leaves no topic behind', async () => {
    const topics = runTopics('doctor')
    const before = await doctor(topics)
    expect(before.stdout).toContain(`topic ${topics.input}: not there yet`)
    expect(before.code).toBe(0)
    const job = await startRun(topics)
    await tickWhere(topics.output, () => true)
    const beside = await doctor(topics)
    await stopRun(job)
    expect(beside.stdout).toContain('the last message has 2 bytes')
    expect(beside.stdout).toMatch(/clock: \d+ ms (behind|ahead of) the broker's/)
    expect(beside.stdout).not.toMatch(/^(warn|fail)/m)
    expect(beside.code).toBe(0)
    const left = await withAdmin((admin) => admin.listTopics())
    expect(left.filter((topic) => topic.startsWith('depthline-doctor'))).toEqual([])
  })

  it('ends with 4 and says what to do where run would end', async () => {
    const topics = runTopics('unfit')
    await makeTopic(topics.input, { config: { 'cleanup.policy': 'compact' } })
    await makeTopic(topics.output, { partitions: 2 })
    const { code, stdout, stderr } = await doctor(topics)
    expect(stdout).toMatch(/^fail topic .*cleanup.policy is compact.*\n {5}→ set cleanup.policy/m)
    expect(stdout).toMatch(/^fail topic .*: 2 partitions: ticks come in one order/m)
    expect(stderr).toContain('2 of these would stop run')
    expect(code).toBe(4)
  })

  it('ends with 3 where there is no broker', async () => {
    const env = { KAFKA_BROKERS: '127.0.0.1:1' }
    const { code, stdout } = await runCli(['doctor'], { env })
    expect(stdout).toMatch(/^fail broker: cannot reach Kafka at 127.0.0.1:1/m)
    expect(stdout).toMatch(/^ok {3}snapshots in/m)
    expect(code).toBe(3)
  })
})
