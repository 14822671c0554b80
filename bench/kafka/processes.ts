/** What Linux says of processes: CPU, peak memory, and how much of the machine others use. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** USER_HZ is 100 on every Linux that Node.js runs on. */
const TICKS_A_SECOND = 100

interface ProcessTimes {
  readonly pid: number
  readonly parent: number
  readonly session: number
  readonly cpuSeconds: number
  /** Of children that have ended and were waited for. */
  readonly endedChildrenSeconds: number
}

/** How often the session's new processes are looked for: going through all of /proc takes a while. */
const SCAN_MS = 1_000

/** All processes of a session, which is how an engine that forks is still counted whole. */
export class SessionUse {
  readonly #session: number
  #members: readonly number[] = []
  #scannedMs = Number.NEGATIVE_INFINITY

  constructor(session: number) {
    this.#session = session
  }

  /** So far; of processes that are still there, and of children that they waited for. */
  read(): { cpuSeconds: number; peakMb: number } {
    if (performance.now() - this.#scannedMs >= SCAN_MS) {
      this.#members = sessionPids(this.#session)
      this.#scannedMs = performance.now()
    }
    const times = this.#members.flatMap((pid) => timesOf(pid) ?? [])
    return {
      cpuSeconds: sum(times.map((member) => member.cpuSeconds + member.endedChildrenSeconds)),
      peakMb: sum(this.#members.map(peakMb)),
    }
  }
}

export function sessionPids(session: number): number[] {
  return allProcesses()
    .filter((process) => process.session === session)
    .map(({ pid }) => pid)
}

/** 0 where the process is gone, or was never found. */
export function cpuSecondsOf(pid: number | undefined): number {
  return pid === undefined ? 0 : (timesOf(pid)?.cpuSeconds ?? 0)
}

/** The highest resident size that the process ever had. */
export function peakMb(pid: number): number {
  const text = readOrEmpty(`/proc/${pid}/status`)
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024)
}

/** The local broker that listens there, by the settings file it was started with. */
export function brokerPid(brokers: string): number | undefined {
  const port = brokers.split(',')[0]!.split(':')[1]!
  return numbersIn('/proc').find((pid) => {
    const args = readOrEmpty(`/proc/${pid}/cmdline`).split('\0')
    const at = args.indexOf('kafka.Kafka')
    if (at < 0) return false
    const settings = join(linkOrEmpty(`/proc/${pid}/cwd`), args[at + 1]!)
    const own = args[at + 1]!.startsWith('/') ? args[at + 1]! : settings
    return new RegExp(`^listeners=.*:${port}\\b`, 'm').test(readOrEmpty(own))
  })
}

/**
 * Counts the cores that processes outside the benchmark were using, for a figure
 * that was taken beside somebody else's work must be known as such.
 */
export function othersMeter(broker: number | undefined): () => number {
  const begun = { at: performance.now(), busy: busySeconds(), own: ownSeconds(broker) }
  return () => {
    const seconds = (performance.now() - begun.at) / 1000
    const others = busySeconds() - begun.busy - (ownSeconds(broker) - begun.own)
    return Math.round((others / seconds) * 100) / 100
  }
}

/** Waits for a quiet moment, but not for ever: what was disturbed is marked in the results. */
export async function whenQuiet(broker: number | undefined): Promise<void> {
  const limit = performance.now() + Number(process.env.QUIET_S ?? 60) * 1000
  while (performance.now() < limit) {
    const others = othersMeter(broker)
    await sleep(2000)
    if (others() < 0.2) return
  }
}

function busySeconds(): number {
  const first = readOrEmpty('/proc/stat').split('\n')[0] ?? ''
  const [user, nice, system, , , irq, softirq, steal] = first.split(/\s+/).slice(1).map(Number)
  return sum([user!, nice!, system!, irq!, softirq!, steal!]) / TICKS_A_SECOND
}

/** Of this process with everything it started, and of the broker, whoever started that. */
function ownSeconds(broker: number | undefined): number {
  const all = allProcesses()
  const own = new Set([process.pid])
  // Children may be listed before their parents, so it is gone through until nothing is added.
  for (let before = 0; before < own.size; ) {
    before = own.size
    for (const { pid, parent } of all) if (own.has(parent)) own.add(pid)
  }
  if (broker !== undefined) own.add(broker)
  const members = all.filter(({ pid }) => own.has(pid))
  return sum(members.map((member) => member.cpuSeconds + member.endedChildrenSeconds))
}

function allProcesses(): ProcessTimes[] {
  return numbersIn('/proc').flatMap((pid) => timesOf(pid) ?? [])
}

function timesOf(pid: number): ProcessTimes | undefined {
  const text = readOrEmpty(`/proc/${pid}/stat`)
  if (text === '') return undefined
  // The name in brackets may hold spaces, so the fields are counted from its end.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [parent, session] = [fields[1]!, fields[3]!]
  const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15)
  const cpuSeconds = (user! + system!) / TICKS_A_SECOND
  const endedChildrenSeconds = (childrenUser! + childrenSystem!) / TICKS_A_SECOND
  return { pid, parent, session, cpuSeconds, endedChildrenSeconds }
}

function numbersIn(folder: string): number[] {
  return readdirSync(folder).map(Number).filter(Number.isInteger)
}

/** Processes end while they are looked at. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function linkOrEmpty(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
