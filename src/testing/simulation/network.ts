/** Requests to Kafka: each may be lost, answered late, done without an answer, or done long after. */
import { DepthlineError } from '../../errors.js'
import type { SimulatedProcess } from './process.js'
import type { World } from './world.js'

/** The adapter gives up waiting after so long. */
const CALL_LIMIT_MS = 5_000
/** Of requests, where a kind of fault is on at all. */
const FAULT_CHANCE = 0.04
const SLOW_CHANCE = 0.05

export class Network {
  #awayUntil = 0
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  get isAway(): boolean {
    return this.#world.scheduler.now < this.#awayUntil
  }

  goAway(ms: number): void {
    this.#awayUntil = this.#world.scheduler.now + ms
  }

  comeBack(): void {
    this.#awayUntil = 0
  }

  /**
   * Sends a request; `effect` is what the broker does when it arrives, at once and whole.
   * Once sent it may arrive after its process has given up, or died.
   */
  call<T>(from: SimulatedProcess, what: string, effect: () => T): Promise<T> {
    const { scheduler } = this.#world
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => from.deliver(() => reject(unreachable(what, reason)))
      const fate = this.#fate(from, what)
      const arrive = () => {
        if (this.isAway) return this.#waitOut(from, { what, arrive, fail })
        const reply = this.#attempt(from, what, effect)
        if (fate === 'silent') return
        scheduler.after(this.#delay(), () => {
          if (fate === 'replyLost') fail('the answer was lost')
          else if ('error' in reply) from.deliver(() => reject(reply.error))
          else from.deliver(() => resolve(reply.value))
        })
      }
      if (fate === 'lost') scheduler.after(this.#delay(), () => fail('the request was lost'))
      else if (fate === 'late') scheduler.after(this.#world.random.below(12_000), arrive)
      else if (fate !== 'hung') scheduler.after(this.#delay(what), arrive)
      if (fate === 'hung' || fate === 'late' || fate === 'silent') {
        scheduler.after(CALL_LIMIT_MS, () => fail(`no answer within ${CALL_LIMIT_MS} ms`))
      }
    })
  }

  #attempt<T>(from: SimulatedProcess, what: string, effect: () => T) {
    try {
      const value = effect()
      if (what !== 'lag') this.#world.note(from.name, `${what} arrived`)
      return { value }
    } catch (error) {
      this.#world.note(from.name, `${what} refused: ${error}`)
      return { error }
    }
  }

  /** A client tries again until its time is up. */
  #waitOut(
    from: SimulatedProcess,
    request: { what: string; arrive: () => void; fail: (reason: string) => void },
  ): void {
    const { scheduler, random } = this.#world
    from.networkFaults++
    const wait = this.#awayUntil - scheduler.now + random.below(200)
    if (wait < CALL_LIMIT_MS && random.chance(0.6)) scheduler.after(wait, request.arrive)
    else scheduler.after(random.below(CALL_LIMIT_MS), () => request.fail('the broker is away'))
  }

  #fate(from: SimulatedProcess, what: string): string {
    const { plan, random, isCalm } = this.#world
    if (isCalm || !random.chance(FAULT_CHANCE)) return 'fine'
    const { faults } = plan
    const fates: string[] = []
    if (faults.has('lostRequests')) fates.push('lost')
    if (faults.has('lostReplies')) fates.push('replyLost', 'silent')
    if (faults.has('hangs')) fates.push('hung', 'silent')
    if (faults.has('lateRequests')) fates.push('late')
    if (fates.length === 0) return 'fine'
    const fate = random.pick(fates)
    from.networkFaults++
    this.#world.count(`request ${fate}`)
    this.#world.note(from.name, `${what} will be ${fate}`)
    return fate
  }

  #delay(what = ''): number {
    const { plan, random, isCalm } = this.#world
    const isSluggish = !isCalm && plan.faults.has('sluggishness') && what === 'send'
    if (isSluggish) return 1_050 + random.below(500)
    const isSlow = !isCalm && plan.faults.has('slowNetwork') && random.chance(SLOW_CHANCE)
    return isSlow ? random.below(1_800) : 0.2 + 4 * random.next()
  }
}

function unreachable(what: string, reason: string): DepthlineError {
  return new DepthlineError('KAFKA_UNREACHABLE', `${what}: ${reason}`, { retriable: true })
}
