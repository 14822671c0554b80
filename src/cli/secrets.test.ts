/** What is logged holds no password of the environment, however it is spelled. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { redaction } from './secrets.js'

const SECRET = 'tr"ès/s3cret'

describe('the redaction', () => {
  it.each([
    ['KAFKA_SASL_PASSWORD', SECRET],
    ['SCHEMA_REGISTRY_URL', `https://me:${encodeURIComponent(SECRET)}@registry.example/path`],
    ['DEPTHLINE_POSTGRES_URL', `postgresql://me:${encodeURIComponent(SECRET)}@db.example/name`],
  ])('takes the password of %s out of what a logger writes', (variable, value) => {
    const lines: string[] = []
    const hooks = { streamWrite: redaction({ [variable]: value }) }
    const log = pino({ hooks, level: 'trace' }, { write: (line: string) => lines.push(line) })
    log.trace({ sasl: { password: SECRET }, headers: [SECRET] }, `login with ${SECRET} failed`)
    log.error(new Error(`outer ${value}`, { cause: new Error(`inner ${SECRET}`) }), 'failed')
    const text = lines.join('')
    expect(text).toContain('login with [redacted] failed')
    expect(text).toContain('outer')
    expect(text).not.toMatch(/s3cret/)
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      'login with [redacted] failed',
      'failed',
    ])
  })

  it('knows a password from a file, without the line end', () => {
    const folder = mkdtempSync(join(tmpdir(), 'depthline-secrets-'))
    const file = join(folder, 'password')
    writeFileSync(file, `${SECRET}\n`)
    const redact = redaction({ KAFKA_SASL_PASSWORD_FILE: file })
    rmSync(folder, { recursive: true })
    expect(redact(`a ${SECRET} b`)).toBe('a [redacted] b')
  })

  it('knows what HTTP makes of user and password', () => {
    const redact = redaction({ SCHEMA_REGISTRY_URL: 'http://me:long-password@127.0.0.1:8081' })
    const header = Buffer.from('me:long-password').toString('base64')
    expect(redact(`authorization: Basic ${header}`)).toBe('authorization: Basic [redacted]')
  })

  it('leaves everything else as it is, also where nothing is set or a file is missing', () => {
    const text = '{"level":30,"msg":"me at registry.example"}'
    expect(redaction({})(text)).toBe(text)
    expect(redaction({ KAFKA_SASL_PASSWORD_FILE: '/no/such/file' })(text)).toBe(text)
    expect(redaction({ KAFKA_SASL_PASSWORD: '30' })(text)).toBe(text)
    expect(redaction({ SCHEMA_REGISTRY_URL: 'http://registry.example' })(text)).toBe(text)
  })
})
