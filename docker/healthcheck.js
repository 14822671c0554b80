/** Docker's health check: asks /readyz where the command was given --http; another command is well while it runs. */
import { readFileSync } from 'node:fs'

const words = readFileSync('/proc/1/cmdline', 'utf8').split('\0')
const at = words.findIndex((word) => word === '--http' || word.startsWith('--http='))
if (at >= 0) {
  const address = words[at].split('=')[1] ?? words[at + 1]
  const port = address.slice(address.lastIndexOf(':') + 1)
  const signal = AbortSignal.timeout(3_000)
  // An address that is not loopback alone, such as 0.0.0.0, is reached by loopback too.
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal })
  console.log(answer.status, await answer.text())
  if (!answer.ok) process.exitCode = 1
}
