/** The topics of a job: their names, and each in one role. */
import { DepthlineError } from '../errors.js'

/** Kafka's limit on the length of a topic's name. */
const MAX_TOPIC_NAME = 249

/** The topics that shards and merger have between them. */
export function topicsBetween(job: string) {
  return { levels: `${job}.levels`, shards: `${job}.shards`, progress: `${job}.progress` }
}

/** Where each symbol is published by itself. */
export function bySymbolTopic(output: string): string {
  return `${output}.by-symbol`
}

/** The topics that the stage of `--rekey` writes. */
export function rekeyTopics({ input, job }: { input: string; job: string }) {
  return { byId: `${input}.by-id`, progress: `${job}.rekey.progress` }
}

/**
 * A topic in two roles would feed the job with what it writes, without end.
 *
 * @param more topics whose names follow from others, by the flag that asks for them
 * @throws DepthlineError USAGE that names the flags, also where such a name is too long
 */
export function assertOwnTopics(
  flags: {
    input: string
    output: string
    deadLetters: string
    job: string
    snapshotTopic?: string | undefined
  },
  more: Readonly<Record<string, string | undefined>> = {},
): void {
  const roles: [string, string | undefined][] = [
    ['--input', flags.input],
    ['--output', flags.output],
    ['--dead-letters', flags.deadLetters],
    ['the progress of --job', `${flags.job}.progress`],
    ['--snapshot-topic', flags.snapshotTopic],
    ...Object.entries(more),
  ]
  for (const [index, [name, topic = '']] of roles.entries()) {
    const [first] = roles.slice(0, index).find(([, other]) => other === topic) ?? []
    if (topic !== '' && first !== undefined) {
      const message = `${first} and ${name} name the same topic, ${topic}, and must differ`
      throw new DepthlineError('USAGE', message)
    }
    if (topic.length <= MAX_TOPIC_NAME) continue
    throw new DepthlineError('USAGE', `${name}: too long a name, for ${topic} must be a topic too`)
  }
}
