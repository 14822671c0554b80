/** A broker that wants to know who asks: logins, certificates and rights, right and wrong, and what is said of them. */
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { documentedRights, grant, type Right, revoke } from '../testing/acls.js'
import { killLeftovers, type RunningCli, runCli, startCli } from '../testing/cli.js'
import {
  type SimulatedExchanges,
  startSimulatedExchanges,
} from '../testing/exchanges/simulated-exchanges.js'
import { type SecuredBroker, startSecuredBroker } from '../testing/secured-broker.js'
import { testKafka, uniqueName } from '../testing/topics.js'

const LIMIT_MS = 60_000
/** This broker is always one of Kafka's jars, for a container takes no certificates. */
const missing = Object.entries({ java: '-version', mvn: '-version', openssl: 'version' })
  .filter(([command, version]) => spawnSync(command, [version]).status !== 0)
  .map(([command]) => command)
if (missing.length > 0) console.warn(`no test of logins and TLS: no ${missing.join(', ')}`)
const describeSecured = describe.skipIf(missing.length > 0)
const rights = documentedRights()
const users = ['admin', ...new Set(rights.map(({ user }) => user))]
const passwords = Object.fromEntries(users.map((user) => [user, `pw-${user}-${randomUUID()}`]))
const folder = mkdtempSync(join(tmpdir(), 'depthline-security-'))

type Variables = Record<string, string | undefined>

let broker: SecuredBroker
let exchanges: SimulatedExchanges
let admin: Admin
beforeAll(async () => {
  broker = await startSecuredBroker(passwords)
  exchanges = await startSimulatedExchanges({ levels: 50 })
  admin = testKafka(broker.addresses.open).admin()
  await admin.connect()
}, LIMIT_MS)
afterEach(killLeftovers)
afterAll(async () => {
  await admin?.disconnect()
  await exchanges?.stop()
  await broker?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** The environment of a user who comes in by SASL and TLS, and logs all there is to log. */
const as = (user: string): Variables => ({
  KAFKA_BROKERS: broker.addresses.secure,
  KAFKA_SSL_CA: broker.caFile,
  ...login(user, 'scram-sha-512'),
  ...exchanges.environment(),
  DEPTHLINE_DATA: join(folder, user === 'reader' ? 'analyse' : user),
  LOG_LEVEL: 'trace',
})

const login = (user: string, mechanism: string): Variables => ({
  KAFKA_SASL_MECHANISM: mechanism,
  KAFKA_SASL_USERNAME: user,
  KAFKA_SASL_PASSWORD: passwords[user],
})

const said: string[] = []

async function command(args: readonly string[], env: Variables) {
  const begun = performance.now()
  const result = await runCli(args, { env })
  said.push(result.stdout, result.stderr)
  return { ...result, seconds: (performance.now() - begun) / 1000 }
}

async function succeeds(args: readonly string[], env: Variables): Promise<string> {
  const { code, stdout, stderr } = await command(args, env)
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return stdout
}

async function stopped(job: RunningCli): Promise<void> {
  const { code, stdout, stderr } = await job.stop()
  said.push(stdout, stderr)
  expect({ code, stderr }).toMatchObject({ code: 0 })
}

describeSecured('coming in', () => {
  const knock = ['export', '--topic', 'nobody-made-it']

  it('works by PLAIN and SCRAM, the password from the environment or a file, with TLS and without', async () => {
    const { sasl, secure, tls } = broker.addresses
    const file = join(folder, 'password')
    writeFileSync(file, `${passwords.admin}\n`)
    const trust = { KAFKA_SSL_CA: broker.caFile }
    const ways: Variables[] = [
      { KAFKA_BROKERS: sasl, ...login('admin', 'plain') },
      { KAFKA_BROKERS: sasl, ...login('admin', 'SCRAM-SHA-512') },
      { KAFKA_BROKERS: secure, ...trust, ...login('admin', 'plain') },
      {
        KAFKA_BROKERS: secure,
        ...trust,
        ...login('admin', 'plain'),
        KAFKA_SASL_PASSWORD: '',
        KAFKA_SASL_PASSWORD_FILE: file,
      },
      { KAFKA_BROKERS: tls, ...trust, KAFKA_SSL: 'true' },
    ]
    const results = await Promise.all(ways.map((env) => command(knock, env)))
    // Kafka has let them in where it says that there is no such topic.
    for (const { code, stderr } of results) {
      expect(stderr).toContain('no topic nobody-made-it')
      expect(code).toBe(2)
    }
  })

  interface Refusal {
    readonly way: string
    readonly to: keyof SecuredBroker['addresses']
    readonly env?: () => Variables
    readonly says: string | RegExp
  }
  const trusting = () => ({ KAFKA_SSL_CA: broker.caFile })
  const unknown = (mechanism: string) => () => ({
    ...login('admin', mechanism),
    KAFKA_SASL_PASSWORD: 'a-wrong-password',
  })
  const refusals: readonly Refusal[] = [
    {
      way: 'a wrong password, by PLAIN',
      to: 'sasl',
      env: unknown('plain'),
      says: 'check KAFKA_SASL_USERNAME, and KAFKA_SASL_PASSWORD',
    },
    {
      way: 'a wrong password, by SCRAM',
      to: 'sasl',
      env: unknown('scram-sha-512'),
      says: 'check KAFKA_SASL_USERNAME, and KAFKA_SASL_PASSWORD',
    },
    {
      way: 'another mechanism',
      to: 'sasl',
      env: unknown('scram-sha-256'),
      says: 'set KAFKA_SASL_MECHANISM to one that this port takes',
    },
    { way: 'no login', to: 'sasl', says: 'may want TLS (KAFKA_SSL=true' },
    {
      way: 'no login, by TLS',
      to: 'secure',
      env: trusting,
      says: /may want a login \(KAFKA_SASL_MECHANISM/,
    },
    {
      way: 'a login where none is taken',
      to: 'open',
      env: () => login('admin', 'plain'),
      says: 'this port takes no login',
    },
    {
      way: 'an expired certificate',
      to: 'expired',
      env: trusting,
      says: "certificate has expired: renew the broker's certificate",
    },
    {
      way: 'a certificate of another host',
      to: 'elsewhere',
      env: trusting,
      says: /127\.0\.0\.1 is not in the cert's list: name the broker as its certificate does/,
    },
    {
      way: 'an unknown authority',
      to: 'tls',
      env: () => ({ KAFKA_SSL: 'true' }),
      says: /certificate: give the certificate of the authority .* in KAFKA_SSL_CA/,
    },
    {
      way: 'TLS where none is spoken',
      to: 'open',
      env: trusting,
      says: "this port does not speak TLS: use the broker's TLS port",
    },
    { way: 'no TLS where it is spoken', to: 'tls', says: 'this port may want TLS (KAFKA_SSL=true' },
  ]

  it('ends with 3 where it is refused, soon, and says why and what to do', async () => {
    const tries = refusals.map(({ to, env }) => {
      const KAFKA_BROKERS = broker.addresses[to]
      return command(['run'], { KAFKA_BROKERS, ...env?.(), LOG_LEVEL: 'trace' })
    })
    for (const [index, { code, stderr, stdout, seconds }] of (await Promise.all(tries)).entries()) {
      const { way, to, says } = refusals[index]!
      const last = stderr.trimEnd().split('\n').at(-1)
      const where = `depthline: cannot reach Kafka at ${broker.addresses[to]} (KAFKA_BROKERS)`
      expect(last, way).toContain(where)
      expect(last, way).toMatch(says)
      expect({ way, code, stdout }).toEqual({ way, code: 3, stdout: '' })
      // Not a measurement: half a minute of repetitions is what must not be.
      expect(seconds, way).toBeLessThan(25)
    }
  })
})

describeSecured('by SASL and TLS', () => {
  it(
    'runs with fetching threads, sends, exports and looks around',
    async () => {
      const name = uniqueName('secured')
      const topics = ['--input', `${name}.in`, '--output', name, '--dead-letters', `${name}.dead`]
      const job = startCli(['run', ...topics, '--fetch-threads', '1'], { env: as('admin') })
      await job.logged('"msg":"running"')
      await succeeds(
        ['emulate', '--topic', `${name}.in`, '--count', '50', '--interval', '0'],
        as('admin'),
      )
      const follow = ['export', '--topic', name, '--format', 'ndjson', '--follow', '--ticks', '3']
      const ticks = await succeeds([...follow, '--timeout', '15'], as('admin'))
      expect(ticks).toContain('BTC-USDT')
      expect(await succeeds(['doctor', ...topics], as('admin'))).toMatch(/ok +broker: cluster/)
      await stopped(job)
    },
    LIMIT_MS,
  )

  it('names a registry that wants another password, and not the password', async () => {
    const server = createServer((request, answer) => {
      const given = `${request.headers.authorization}`
      answer.writeHead(401).end(JSON.stringify({ error_code: 401, message: `who is ${given}?` }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const secret = `registry-${passwords.admin}`
    const SCHEMA_REGISTRY_URL = `http://me:${secret}@127.0.0.1:${port}`
    const env = { ...as('admin'), SCHEMA_REGISTRY_URL }
    const { code, stderr } = await command(['run', '--format', 'avro'], env)
    server.close()
    expect(stderr).toContain(`http://127.0.0.1:${port} (SCHEMA_REGISTRY_URL)`)
    expect(stderr).toContain('who is Basic [redacted]?')
    expect(code).toBe(3)
  })
})

describeSecured('with the rights of docs/ACLS.md and no others', () => {
  beforeAll(async () => {
    const compact = [{ name: 'cleanup.policy', value: 'compact' }]
    const named = rights.filter(({ kind, isPrefix }) => kind === 'topic' && !isPrefix)
    const topics = [...new Set(named.map(({ name }) => name))].map((topic) => ({
      topic,
      numPartitions:
        ['orders', 'orders.by-id'].includes(topic) || /\.(levels|shards)$/.test(topic) ? 4 : 1,
      configEntries: /\.(progress|levels|shards|by-symbol)$/.test(topic) ? compact : [],
    }))
    await admin.createTopics({ topics })
    await grant(admin, rights)
  })

  it(
    'each command does its work',
    async () => {
      const job = startCli(
        ['run', '--snapshot-topic', 'order-book.snapshots', '--snapshot-seconds', '1'],
        { env: as('run') },
      )
      await job.logged('"msg":"running"')
      const count = ['--count', '400', '--interval', '0', '--faults', '0.5']
      await succeeds(['emulate', ...count], as('emulate'))
      const follow = ['--follow', '--ticks', '3', '--timeout', '15', '--format', 'ndjson']
      expect(await succeeds(['export', ...follow], as('reader'))).toContain('BTC-USDT')
      expect(await succeeds(['book', '--ticks', '1'], as('reader'))).toContain('BTC-USDT')
      await served()
      // Verify misses a dead letter where one could not be written.
      expect(JSON.parse(await succeeds(['verify'], as('verify')))).toMatchObject({ wrong: 0 })
      await expect.poll(positions, { timeout: 10_000 }).toMatch(/[1-9]/)
      await stopped(job)
      expect(said.join('')).not.toMatch(
        /AUTHORIZATION_FAILED|snapshot failed|positions not published/,
      )

      expect(JSON.parse(await succeeds(['poll', '--once'], as('poll')))).toMatchObject({
        rounds: 1,
      })
      expect(JSON.parse(await succeeds(['analyse', '--once'], as('analyse')))).toMatchObject({
        rounds: 1,
      })
      const analytics = ['export', '--topic', 'market-analytics', '--format', 'ndjson']
      expect(await succeeds(analytics, as('reader'))).toContain('BTC-USD')
      expect(await succeeds(['doctor'], as('doctor'))).not.toContain('not looked at')
    },
    LIMIT_MS,
  )

  it(
    'run does its work in each role, with ladders by symbol, and on input written again by id',
    async () => {
      const [shard, merger, rekeyed] = [
        ['--role', 'shard'],
        ['--role', 'merge', '--by-symbol'],
        ['--rekey', '--output', 'rekeyed'],
      ].map((flags) =>
        startCli(['run', ...flags], { env: as(flags[0] === '--rekey' ? 'rekey' : 'run') }),
      )
      for (const job of [merger!, rekeyed!]) await job.logged('"msg":"caught up"')
      // Right after a first tick it may be too late for some refusal to be heard.
      await sleep(2_500)
      for (const job of [merger!, shard!, rekeyed!]) await stopped(job)
      expect(said.join('')).not.toMatch(/AUTHORIZATION_FAILED|positions not published/)
    },
    LIMIT_MS,
  )

  /** Where lag tools see the job. */
  async function positions(): Promise<string> {
    const shown = await admin.fetchOffsets({ groupId: 'order-book', topics: ['orders'] })
    return shown[0]!.partitions.map(({ offset }) => offset).join()
  }

  async function served(): Promise<void> {
    const server = startCli(['serve', '--http', '127.0.0.1:0'], { env: as('reader') })
    await server.logged('"msg":"serving"')
    const url = /"url":"(http[^"]+)\/"/.exec(server.stderr)![1]!
    const symbols = () => fetch(`${url}/api/v1/symbols`).then((answer) => answer.text())
    await expect.poll(symbols, { timeout: 10_000 }).toContain('BTC-USDT')
    await stopped(server)
  }

  it(
    'run names what it may not do, and ends with 3',
    async () => {
      const missing: readonly [Pick<Right, 'kind' | 'name' | 'operation'>, RegExp][] = [
        [
          { kind: 'topic', name: 'orders', operation: 'Read' },
          /making topics orders, which are not there or which this user may not see/,
        ],
        [{ kind: 'topic', name: 'order-book', operation: 'Write' }, /making topics order-book, /],
        [
          { kind: 'topic', name: 'order-book.progress', operation: 'Read' },
          /reading order-book\.progress: .*TOPIC_AUTHORIZATION_FAILED/,
        ],
        [
          { kind: 'topic', name: 'order-book.progress', operation: 'Write' },
          /sending to order-book\.progress: .*TOPIC_AUTHORIZATION_FAILED/,
        ],
        [
          { kind: 'transactional-id', name: 'depthline.order-book', operation: 'Write' },
          /taking over the transactional id depthline\.order-book: .*Transactional Id authorization failed/,
        ],
        [
          { kind: 'group', name: 'order-book.', operation: 'Read' },
          /reading order-book\.progress in groups of order-book\.: .*Group authorization failed/,
        ],
      ]
      for (const [lack, message] of missing) {
        const taken = rights.filter((right) => right.user === 'run' && isSame(right, lack))
        expect(taken).toHaveLength(1)
        await revoke(admin, taken)
        await sleep(200)
        const { code, stderr } = await command(['run'], as('run'))
        await grant(admin, taken)
        const [last = ''] = stderr.trimEnd().split('\n').slice(-1)
        expect(last).toMatch(message)
        expect(last).toContain('does not let this user do that')
        expect(code).toBe(3)
      }
    },
    LIMIT_MS,
  )

  it(
    'run ends with 3 at the first dead letter that it may no longer write',
    async () => {
      const taken = rights.filter(
        ({ user, name }) => user === 'run' && name === 'orders.dead-letter',
      )
      const file = join(folder, 'broken')
      writeFileSync(file, 'no order\n')
      const job = startCli(['run'], { env: as('run') })
      await job.logged('"msg":"running"')
      await revoke(admin, taken)
      await succeeds(['emulate', '--file', file], as('emulate'))
      const { code, stdout, stderr } = await job.result
      said.push(stdout, stderr)
      expect(stderr).toMatch(/sending to orders\.dead-letter: .*TOPIC_AUTHORIZATION_FAILED/)
      expect(code).toBe(3)
      await grant(admin, taken)
    },
    LIMIT_MS,
  )

  it('doctor says what it may not look at, and looks at the rest', async () => {
    const stdout = await succeeds(['doctor'], as('run'))
    expect(stdout).toMatch(/warn +topic orders: not looked at: .*TOPIC_AUTHORIZATION_FAILED/)
    expect(stdout).toMatch(/warn +clock: not looked at/)
    expect(stdout).toMatch(/ok +disk: /)
  })
})

it('writes no password anywhere, whatever is logged', () => {
  const text = said.join('')
  expect(text).toContain('"level":20')
  for (const password of Object.values(passwords)) expect(text).not.toContain(password)
})

function isSame(right: Right, lack: Pick<Right, 'kind' | 'name' | 'operation'>): boolean {
  const { kind, name, operation } = lack
  return right.kind === kind && right.name === name && right.operation === operation
}
