/** SIGINT and SIGTERM, caught from the first moment of the process on. */
import { setMaxListeners } from 'node:events'

const controller = new AbortController()
// Every request of a round listens, and Node takes more than ten for a leak.
setMaxListeners(0, controller.signal)

/** Aborts on the first SIGINT or SIGTERM; the second ends the process with 130 or 143. */
export const stopSignal = controller.signal

export function catchSignals(): void {
  const onSignal = (name: 'SIGINT' | 'SIGTERM') => {
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143)
    controller.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}
