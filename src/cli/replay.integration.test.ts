/** `depthline replay` as a process in a pipe: what it reads, prints, and how it ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { killLeftovers, runCli, startCli } from '../testing/cli.js'
import { openText } from '../testing/read-record.js'

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'depthline-replay-'))

afterEach(killLeftovers)
afterAll(() => rmSync(folder, { recursive: true }))

function orders(count: number): string {
  const lines = Array.from({ length: count }, (_, id) => openText({ order_id: String(id) }))
  return `${lines.join('\n')}\n`
}

describe('replay', () => {
  it('needs no Kafka, prints one tick a line, and logs to standard error', async () => {
    const args = ['replay', '-', '--events-per-tick', '2']
    const env = { KAFKA_BROKERS: 'nowhere' }
    const { code, stdout, stderr } = await runCli(args, { stdin: orders(5), env })

    const amounts = stdout.split('\n').map((line) => /"amount":(\d+)/.exec(line)?.[1])
    expect(amounts).toEqual(['2', '4', '5', undefined])
    expect(JSON.parse(stderr)).toMatchObject({ msg: 'replayed', records: 5 })
    expect(code).toBe(0)
  })

  it('prints nothing for an empty input', async () => {
    expect(await runCli(['replay', '-'], { stdin: '' })).toMatchObject({ code: 0, stdout: '' })
  })

  it('writes rejected records to a file and ends with 0 all the same', async () => {
    const out = join(folder, 'dead.ndjson')
    const stdin = `${openText()}\nbroken\n\n[]\n`
    const { code } = await runCli(['replay', '-', '--dead-letters', out], { stdin })

    expect(readFileSync(out, 'utf8')).toBe(
      '{"line":1,"reason":"invalid_json","value":"broken"}\n' +
        '{"line":2,"reason":"not_an_object","value":"[]"}\n',
    )
    expect(existsSync(`${out}.partial`)).toBe(false)
    expect(code).toBe(0)
  })

  it('ends quietly with 0 where the reader of its output goes, as in a pipe into head', async () => {
    const child = spawn(process.execPath, [CLI, 'replay', '-', '--events-per-tick', '1'])
    child.stdin.on('error', () => {})
    child.stdin.end(orders(20_000))
    let stderr = ''
    child.stderr.on('data', (text) => {
      stderr += text
    })
    await once(child.stdout, 'data')
    child.stdout.destroy()
    const [code] = await once(child, 'close')

    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  it('says so with 2 where its output cannot take more', async () => {
    const script = `echo '${openText()}' | "$0" "$1" replay - > /dev/full`
    const child = spawn('sh', ['-c', script, process.execPath, CLI])
    let stderr = ''
    child.stderr.on('data', (text) => {
      stderr += text
    })
    const [code] = await once(child, 'close')

    expect(stderr).toContain('cannot write standard output: ')
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(code).toBe(2)
  })

  it('ends at a signal with what it has read, although its input is still open', async () => {
    const job = startCli(['replay', '-', '--events-per-tick', '1'])
    job.child.stdin!.write(orders(2))
    await job.printed(1)
    const { code, stdout } = await job.stop('SIGINT')

    expect(stdout.trimEnd().split('\n')).toHaveLength(2)
    expect(code).toBe(0)
  })
})
