/** The engines that do the same work side by side, and the two marks that KafkaJS sets. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import {
  bareCommand,
  CAUGHT_UP,
  type EngineCommand,
  installedFlags,
  ROOT,
  runCommand,
} from '../kafka/engine.js'
import { buildJob } from './workshop.js'

export interface Place {
  readonly brokers: string
  readonly input: string
  readonly output: string
  /** Empty at the first launch; what it holds survives a kill. */
  readonly state: string
  /** How many events lie in the input. */
  readonly events: number
}

export interface PeerEngine {
  readonly name: string
  /** It writes no books, so it can only be drained, and has no place in the other tests. */
  readonly isBare?: boolean
  /** It keeps no state, so that there is nothing to recover. */
  readonly isStateless?: boolean
  /** What it logs when it begins to read: where «without start-up» starts. */
  readonly begun: RegExp
  command(place: Place): EngineCommand
}

const words = (text = '') => text.split(/\s+/).filter(Boolean)
export const NODE_FLAGS =
  process.env.NODE_FLAGS === undefined ? installedFlags() : words(process.env.NODE_FLAGS)
const RUN_ARGS = words(process.env.RUN_ARGS)
export const WORKER_ARGS = words(process.env.WORKER_ARGS ?? '--fetch-threads 1')
const PROTOTYPE = fileURLToPath(new URL('prototype.mjs', import.meta.url))
/** Flink stops for want of memory at five million with less. */
const LARGE = 1_000_000

/** What the JVM must open to libraries that look into it. */
const OPENED = {
  flink: 'java.lang java.util java.time',
  spark:
    'java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util ' +
    'java.util.concurrent java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs ' +
    'sun.security.action sun.util.calendar',
}

const ENGINES: Record<string, () => PeerEngine> = {
  flink: () => javaEngine('flink', {}),
  'flink-exactly-once': () => ({
    ...javaEngine('flink', { SINK: 'eos' }),
    name: 'flink-exactly-once',
  }),
  spark: () => javaEngine('spark', { SPARK_LOCAL_IP: '127.0.0.1' }),
  depthline: () => depthline('depthline', RUN_ARGS),
  'depthline-workers': () => depthline('depthline-workers', [...RUN_ARGS, ...WORKER_ARGS]),
  prototype: () => ({
    name: 'prototype',
    isStateless: true,
    begun: /FIRST_RECORD (\d+)/,
    command: (place) => ({
      command: process.execPath,
      args: [PROTOTYPE],
      env: environment(place),
    }),
  }),
  'bare-kafkajs': () => ({
    name: 'bare-kafkajs',
    isBare: true,
    begun: /FIRST_RECORD (\d+)/,
    command: ({ brokers, input, events }) => {
      return bareCommand({ brokers, input, count: events, nodeFlags: NODE_FLAGS })
    },
  }),
}

const STANDARD = 'flink spark depthline depthline-workers prototype bare-kafkajs'

/** The engines to measure (ENGINES), built. An option of workers that `run` does not know leaves them out. */
export function chosenEngines(): PeerEngine[] {
  const names = words(process.env.ENGINES?.replaceAll(',', ' ') ?? STANDARD)
  const help = execFileSync(process.execPath, [`${ROOT}dist/cli.js`, 'run', '--help']).toString()
  const unknown = WORKER_ARGS.find((word) => word.startsWith('--') && !help.includes(word))
  return names.flatMap((name) => {
    const engine = ENGINES[name]
    if (engine === undefined) {
      throw new Error(`ENGINES: ${name} is none of ${Object.keys(ENGINES).join(', ')}`)
    }
    if (name !== 'depthline-workers' || unknown === undefined) return engine()
    console.error(`depthline-workers is left out: \`run\` knows no ${unknown} yet`)
    return []
  })
}

function environment({ brokers, input, output, state }: Place): Record<string, string> {
  return { BROKERS: brokers, IN: input, OUT: output, CHECKPOINTS: state }
}

function depthline(name: string, args: readonly string[]): PeerEngine {
  return {
    name,
    begun: CAUGHT_UP,
    command: ({ state, ...place }) => {
      return runCommand({ ...place, data: state, nodeFlags: NODE_FLAGS, args })
    },
  }
}

function javaEngine(name: 'flink' | 'spark', env: Record<string, string>): PeerEngine {
  const classPath = buildJob(name)
  const opens = words(OPENED[name]).map((place) => `--add-opens=java.base/${place}=ALL-UNNAMED`)
  const netty = [
    '-Djdk.reflect.useDirectMethodHandle=false',
    '-Dio.netty.tryReflectionSetAccessible=true',
  ]
  const flags = name === 'flink' ? ['-XX:+UseG1GC', ...opens] : [...opens, ...netty]
  return {
    name,
    begun: name === 'flink' ? /FIRST_RECORD (\d+)/ : /QUERY_STARTED (\d+)/,
    command: (place) => {
      const heap = `-Xmx${name === 'flink' && place.events > LARGE ? 3 : 2}g`
      return {
        command: 'java',
        args: [heap, ...flags, '-cp', classPath, 'lab.BookJob'],
        env: { ...environment(place), ...env },
      }
    },
  }
}
