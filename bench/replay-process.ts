/** Replays a file as `depthline replay` does and prints how long that took and its peak memory. */
import { createReadStream } from 'node:fs'
import { DEFAULT_LIMITS } from '../src/book/order-books.js'
import { replay } from '../src/jobs/replay.js'

const [file = '', eventsPerTick = ''] = process.argv.slice(2)
const started = performance.now()
let ticks = 0
const counts = await replay(
  {
    input: createReadStream(file, { highWaterMark: 1024 * 1024 }),
    async writeTick() {
      ticks++
    },
  },
  { eventsPerTick: Number(eventsPerTick), levels: 15, limits: DEFAULT_LIMITS, seed: 1 },
)
const seconds = (performance.now() - started) / 1000
const peakMb = Math.round(process.resourceUsage().maxRSS / 1024)
console.log(JSON.stringify({ seconds, peakMb, ticks, applied: counts.applied }))
