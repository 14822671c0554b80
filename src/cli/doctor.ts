/** `depthline doctor`: gathers what the surroundings of a job are like, and says what is wrong. */
import type { Command } from 'commander'
import * as z from 'zod'
import { checkFlags, kafkaSettings, snapshotFolder, topicName } from '../config.js'
import { DepthlineError } from '../errors.js'
import {
  checkBroker,
  checkClock,
  checkInput,
  checkProgress,
  checkSnapshots,
  checkWritten,
  type Finding,
  type SnapshotFacts,
} from '../jobs/doctor.js'
import { type Cluster, connect, disconnect } from '../kafka/client.js'
import { brokerClockAhead, inspectCluster, inspectTopic } from '../kafka/inspect.js'
import { SchemaRegistry } from '../kafka/schema-registry.js'
import { lastRecord } from '../kafka/topic-reader.js'
import { fileBytes, inspectDisk } from '../storage/disk.js'
import { openSnapshotFiles } from '../storage/snapshot-files.js'
import { readSnapshotMeta } from '../wire/snapshot-reader.js'
import { standardOutput } from './output.js'
import { assertOwnTopics } from './own-topics.js'
import { openLog } from './process.js'
import { registrySettings } from './registry-settings.js'
import { stopSignal } from './stop-signal.js'
import { version } from './version.js'

const Flags = z.object({
  input: topicName(),
  output: topicName(),
  deadLetters: topicName(),
  job: topicName().optional(),
})
type Flags = Readonly<z.infer<typeof Flags>>

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .summary('broker, topics, registry, disk, clock: what is wrong and what to do')
    .description(
      'Looks at everything that run depends on. Makes one topic to read the broker’s clock, and deletes it again. Ends with 4 where run would end or go wrong.',
    )
    .option('--input <topic>', 'order events', 'orders')
    .option('--output <topic>', 'one message a second', 'order-book')
    .option('--dead-letters <topic>', 'rejected records', 'orders.dead-letter')
    .option('--job <name>', "the job's name (default: the output topic)")
    .action(doctorCommand)
}

async function doctorCommand(options: unknown): Promise<void> {
  const flags = checkFlags(Flags, options)
  const settings = kafkaSettings(process.env)
  assertOwnTopics({ ...flags, job: flags.job ?? flags.output })
  await print({
    level: 'ok',
    what: 'depthline',
    said: `${version} on Node ${process.versions.node}`,
  })
  const cluster = await connect(settings, openLog('doctor'), stopSignal).catch(async (error) => {
    const said = error instanceof Error ? error.message : String(error)
    await print({ level: 'fail', what: 'broker', said, todo: 'start it, or mend KAFKA_BROKERS' })
    for (const finding of await examineDisk(flags)) await print(finding)
    throw error
  })
  let failures = 0
  for await (const finding of examine(cluster, flags)) {
    await print(finding)
    if (finding.level === 'fail') failures++
  }
  await disconnect(cluster)
  if (failures === 0) return
  throw new DepthlineError('UNFIT', `${failures} of these would stop run`)
}

async function* examine(cluster: Cluster, flags: Flags): AsyncGenerator<Finding> {
  const { output, job = output } = flags
  yield* unlessRefused('broker', async () => {
    const { brokers, clusterId, config } = await inspectCluster(cluster)
    const said = `cluster ${clusterId}, ${brokers} brokers`
    return [{ level: 'ok', what: 'broker', said }, ...checkBroker(config)]
  })
  const folder = snapshotFolder(process.env, job)
  const snapshots = await snapshotFacts(folder)
  let lastTick: number | undefined
  yield* unlessRefused(`topic ${output}`, async () => {
    const facts = await inspectTopic(cluster, output)
    const from = { topic: output, job: 'depthline-doctor' }
    const last = facts === undefined ? undefined : await lastRecord(cluster, from)
    lastTick = last && Math.floor(last.timestampMs / 1000)
    return checkWritten(output, facts, { onePartition: true, lastBytes: last?.value?.length })
  })
  yield* examineTopics(cluster, flags, snapshots)

  yield await registryFinding(`${output}-value`)
  yield* checkSnapshots(folder, snapshots, await inspectDisk(folder), Date.now())
  yield* unlessRefused('clock', async () => {
    return checkClock(await brokerClockAhead(cluster), lastTick, Date.now())
  })
}

/** All but the output. */
async function* examineTopics(
  cluster: Cluster,
  { input, output, deadLetters, job = output }: Flags,
  snapshots: readonly SnapshotFacts[],
): AsyncGenerator<Finding> {
  const progress = `${job}.progress`
  yield* unlessRefused(`topic ${input}`, async () => {
    return checkInput(input, await inspectTopic(cluster, input), snapshots, Date.now())
  })
  yield* unlessRefused(`topic ${deadLetters}`, async () => {
    const facts = await inspectTopic(cluster, deadLetters)
    return checkWritten(deadLetters, facts, { onePartition: false })
  })
  yield* unlessRefused(`topic ${progress}`, async () => {
    return checkProgress(progress, await inspectTopic(cluster, progress))
  })
}

/** What this user may not look at is a finding, and no reason to leave out the rest. */
async function* unlessRefused(
  what: string,
  look: () => Promise<readonly Finding[]>,
): AsyncGenerator<Finding> {
  try {
    yield* await look()
  } catch (error) {
    if (!(error instanceof DepthlineError) || error.code !== 'KAFKA_REFUSED') throw error
    const todo = 'grant it to this user, or let one look who may'
    yield { level: 'warn', what, said: `not looked at: ${error.message}`, todo }
  }
}

/** What can be looked at without a broker. */
async function examineDisk({ output, job = output }: Flags): Promise<Finding[]> {
  const folder = snapshotFolder(process.env, job)
  const disk = await inspectDisk(folder)
  return checkSnapshots(folder, await snapshotFacts(folder), disk, Date.now())
}

async function snapshotFacts(folder: string): Promise<SnapshotFacts[]> {
  const facts: SnapshotFacts[] = []
  for (const { name, tick, read } of await openSnapshotFiles(folder)
    .list()
    .catch(() => [])) {
    const bytes = await fileBytes(name)
    try {
      const { offsets } = await readSnapshotMeta(read())
      facts.push({ name, tick, bytes, offsets })
    } catch (error) {
      if (!(error instanceof DepthlineError)) throw error
      facts.push({ name, tick, bytes, offsets: [], refused: error.message })
    }
  }
  return facts
}

async function registryFinding(subject: string): Promise<Finding> {
  const what = 'schema registry'
  const settings = registrySettings(process.env)
  if (settings === undefined) {
    const said = 'not set (SCHEMA_REGISTRY_URL), which only Avro needs'
    return { level: 'ok', what, said }
  }
  try {
    const id = await new SchemaRegistry(settings).latestId(subject)
    const found = id === undefined ? `no ${subject} yet` : `${subject} is schema ${id}`
    return { level: 'ok', what, said: `${settings.url}: ${found}` }
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    return { level: 'warn', what, said, todo: 'start it, or mend SCHEMA_REGISTRY_URL' }
  }
}

async function print({ level, what, said, todo }: Finding): Promise<void> {
  await standardOutput.write(`${level.padEnd(5)}${what}: ${said}\n`)
  if (todo !== undefined) await standardOutput.write(`     → ${todo}\n`)
}
