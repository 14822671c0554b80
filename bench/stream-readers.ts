/** 200 readers of the stream for a minute: what they get, and how late the ticks of `run` are with and without them. */
import { startBroker } from '../src/testing/broker.js'
import { report } from './report.js'
import { watchViewers } from './viewers.js'

const SECONDS = Number(process.env.SECONDS ?? 60)

const broker = await startBroker()
try {
  const figures = await watchViewers({
    brokers: broker.brokers,
    readers: 200,
    idle: 5,
    seconds: SECONDS,
    warmUpSeconds: 15,
  })
  report(
    'stream-readers',
    `run at 100 events/s, ${SECONDS} s with serve and readers, as long without, half before and half after`,
    figures,
  )
} finally {
  await broker.stop()
}
process.exit()
