/** A progress line on standard error, where a terminal shows it. */

/** Shows `text()` once a second until `end()`; does nothing where standard error is no terminal. */
export function showProgress(text: () => string): { end(): void } {
  if (!process.stderr.isTTY) return { end() {} }
  const timer = setInterval(() => process.stderr.write(`\r\x1b[K${text()}`), 1000)
  return {
    end() {
      clearInterval(timer)
      process.stderr.write('\r\x1b[K')
    },
  }
}
