/** SIGINT and SIGTERM, caught from the first moment of the process on. */

const controller = new AbortController()

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
