/** What lag tools see of a job: the offsets of a group that nobody is in. */
import { setTimeout } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, inject, it } from 'vitest'
import { makeTopic, uniqueName, withAdmin } from '../testing/topics.js'
import { connect, disconnect } from './client.js'
import { PositionPublisher } from './position-publisher.js'

it('shows the newest positions under the name of the job, without joining its group', async () => {
  const settings = { brokers: inject('brokers').split(','), clientId: 'test' }
  const log = pino({ level: 'silent' })
  const cluster = await connect(settings, log, new AbortController().signal)
  const topic = await makeTopic(uniqueName('positions'), { partitions: 2 })
  const group = uniqueName('job')
  const positions = new PositionPublisher(cluster, topic, group)
  positions.offer([7, 9])
  // So soon after another it is left out: once every 5 s is enough.
  positions.offer([8, 10])

  const shown = () => withAdmin((admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }))
  let offsets: string[] = []
  for (let look = 0; look < 50 && offsets[0] !== '7'; look++) {
    await setTimeout(100)
    const [found] = await shown()
    offsets = (found?.partitions ?? [])
      .sort((a, b) => a.partition - b.partition)
      .map(({ offset }) => offset)
  }
  expect(offsets).toEqual(['7', '9'])
  const { groups } = await withAdmin((admin) => admin.describeGroups([group]))
  expect(groups[0]?.members).toEqual([])
  await positions.close()
  await disconnect(cluster)
})
