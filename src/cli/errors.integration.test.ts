/** What goes wrong and how the command line says so: the message on standard error, and the exit code. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { killLeftovers, runCli } from '../testing/cli.js'
import { openRecord } from '../testing/order-events.js'
import { makeTopic, produce, uniqueName } from '../testing/topics.js'

const folder = mkdtempSync(join(tmpdir(), 'depthline-errors-'))
const isRoot = process.getuid?.() === 0

afterEach(killLeftovers)
afterAll(() => rmSync(folder, { recursive: true }))

/** Checks the code and the message, and that nobody is shown a stack or a line of data. */
async function expectFailure(
  args: readonly string[],
  expected: { code: number; message: string | RegExp; env?: Record<string, string> },
): Promise<void> {
  const { code, stdout, stderr } = await runCli(args, { env: expected.env ?? {} })
  expect(stderr).toMatch(expected.message)
  expect(stderr).not.toMatch(/\n\s+at /)
  expect(stdout).toBe('')
  expect(code).toBe(expected.code)
}

describe('a wrong command line', () => {
  it.each([
    [['run', '--nonsense'], "error: unknown option '--nonsense'"],
    [['dance'], "error: unknown command 'dance'"],
    [['run', '--levels', 'many'], '--levels: expected a whole number of at least 1, or all'],
    [['run', '--levels', '0'], '--levels: expected'],
    [['run', '--input', 'no spaces'], '--input: expected a topic name'],
    [['emulate', '--batch', '1.5'], '--batch: expected a whole number'],
    [['emulate', '--close-ratio', '1.1'], '--close-ratio: expected a number from 0 to 1'],
    [['export', '--format', 'xml'], '--format: expected one of json, ndjson, csv'],
    [['export', '--from', 'yesterday'], '--from: expected an epoch second, or a time such as'],
    [['book', 'two words'], '--symbol: expected a symbol'],
    [['replay'], "error: missing required argument 'file'"],
  ])('%s ends with 2 and says what is wrong', async (args, message) => {
    await expectFailure(args, { code: 2, message })
  })

  it.each(['localhost', 'localhost:', ':9092', 'localhost:kafka', 'a:1,,b:2', 'localhost:99999'])(
    'KAFKA_BROKERS "%s" ends with 2',
    async (brokers) => {
      const env = { KAFKA_BROKERS: brokers }
      await expectFailure(['run'], { code: 2, message: 'KAFKA_BROKERS: expected host:port', env })
    },
  )

  it('an unknown LOG_LEVEL ends with 2', async () => {
    const env = { LOG_LEVEL: 'loud' }
    await expectFailure(['run'], { code: 2, message: 'LOG_LEVEL: no such level "loud"', env })
  })

  it('refuses one topic in two roles, which would feed the job with its own output', async () => {
    const one = uniqueName('one')
    const message = /--\S+ and --\S+ .*must differ/
    await expectFailure(['run', '--input', one, '--output', one], { code: 2, message })
    await expectFailure(['run', '--input', one, '--dead-letters', one], { code: 2, message })
    await expectFailure(['run', '--output', one, '--dead-letters', one], { code: 2, message })
  })
})

describe('Kafka out of reach', () => {
  it.each(['run', 'emulate', 'export', 'book'])(
    '%s ends with 3 and names the address',
    async (command) => {
      const address = `127.0.0.1:${await closedPort()}`
      const env = { KAFKA_BROKERS: address }
      await expectFailure([command], { code: 3, message: `cannot reach Kafka at ${address}`, env })
    },
  )

  it('a name that does not resolve ends with 3', async () => {
    const env = { KAFKA_BROKERS: 'no-such-host.invalid:9092' }
    await expectFailure(['run'], { code: 3, message: 'no-such-host.invalid:9092', env })
  })
})

describe('topics that are not as they must be', () => {
  it('run --no-create-topics names those that are missing', async () => {
    const name = uniqueName('missing')
    const topics = ['--input', `${name}-a`, '--output', `${name}-b`, '--dead-letters', `${name}-c`]
    await makeTopic(`${name}-b`)
    const message = `no topic ${name}-a, ${name}-c`
    await expectFailure(['run', '--no-create-topics', ...topics], { code: 2, message })
  })

  it.each(['emulate', 'export', 'book'])('%s names the topic that is missing', async (command) => {
    const topic = uniqueName('missing')
    const flags = command === 'emulate' ? ['--no-create-topics'] : []
    const args = [command, '--topic', topic, ...flags]
    await expectFailure(args, { code: 2, message: `no topic ${topic}` })
  })
})

describe('files that cannot be read or written', () => {
  const missing = join(folder, 'missing')

  it('replay and emulate of a missing file end with 2', async () => {
    const message = `cannot read ${missing}`
    await expectFailure(['replay', missing], { code: 2, message })
    await expectFailure(['replay', folder], { code: 2, message: `cannot read ${folder}` })
    const topic = await makeTopic(uniqueName('no-file'))
    await expectFailure(['emulate', '--topic', topic, '--file', missing], { code: 2, message })
  })

  it('export into a folder that does not exist, or below a file, ends with 2', async () => {
    const topic = await makeTopic(uniqueName('no-folder'))
    const file = join(folder, 'file')
    writeFileSync(file, '')
    for (const out of [join(missing, 'out.json'), join(file, 'out.json')]) {
      await expectFailure(['export', '--topic', topic, '-o', out], {
        code: 2,
        message: `cannot write ${out}`,
      })
    }
  })

  it.skipIf(isRoot)('export into a folder without permission ends with 2', async () => {
    const topic = await makeTopic(uniqueName('read-only'))
    const out = join(folder, 'read-only', 'out.json')
    mkdirSync(join(folder, 'read-only'))
    chmodSync(join(folder, 'read-only'), 0o555)
    const message = `cannot write ${out}`
    await expectFailure(['export', '--topic', topic, '-o', out], { code: 2, message })
  })

  it('replay --dead-letters into a folder that does not exist ends with 2', async () => {
    const input = join(folder, 'orders')
    writeFileSync(input, openRecord({ id: 1 }))
    const out = join(missing, 'dead')
    const message = `cannot write ${out}`
    await expectFailure(['replay', input, '--dead-letters', out], { code: 2, message })
  })

  it('a place that is taken by a folder is left alone', async () => {
    const topic = await makeTopic(uniqueName('taken'))
    await produce(topic, [{ value: '[]' }])
    const out = join(folder, 'taken')
    mkdirSync(join(out, 'inside'), { recursive: true })
    const message = `cannot write ${out}`
    await expectFailure(['export', '--topic', topic, '-o', out], { code: 2, message })
  })
})

/** A port that nobody listens on: it was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
