/** A few of each fault of `make faults`, so that every test run plays them. */
import { describe, expect, inject, it } from 'vitest'
import { brokerKills } from '../../faults/broker-kills.js'
import { randomKills, targetedKills } from '../../faults/kills.js'
import { networkFaults } from '../../faults/network.js'
import type { SceneOptions } from '../../faults/scene.js'
import type { SectionResult } from '../../faults/sections.js'
import { takeovers } from '../../faults/takeovers.js'
import { startBroker } from '../testing/broker.js'
import type { TestBroker } from '../testing/test-broker.js'

const LIMIT_MS = 60_000

describe('run keeps its promise', () => {
  it('when it is killed with -9', { timeout: LIMIT_MS }, async () => {
    expectKept(await randomKills(options('kills'), 1))
    const points = ['claim reply lost', 'tick: produce sent']
    expectKept(await targetedKills(options('points'), 1, points))
  })

  it('when replies to Produce and to EndTxn are lost', { timeout: LIMIT_MS }, async () => {
    const faults = ['Produce reply lost and closed', 'EndTxn reply lost and closed']
    expectKept(await networkFaults(options('network'), 1, faults))
  })

  it('when its leader stands still and wakes up again', { timeout: LIMIT_MS }, async () => {
    expectKept(await takeovers(options('takeover'), 1))
  })

  it.runIf(process.env.KAFKA_BROKERS === undefined)(
    'when the broker is killed with -9',
    { timeout: LIMIT_MS },
    async () => {
      const broker = await startBroker()
      try {
        expectKept(await brokerKills(options('broker', broker), 1))
      } finally {
        await broker.stop()
      }
    },
  )
})

/** On the broker of all tests, where nothing else is said. */
function options(name: string, broker = sharedBroker()): SceneOptions {
  return { broker, name, orders: 2_000, seed: 1, runFlags: [] }
}

function sharedBroker(): TestBroker {
  const refuse = async () => {
    throw new Error('the broker is that of all tests')
  }
  const never = { stop: refuse, kill: refuse, pause: refuse, resume: refuse, restart: refuse }
  return { brokers: inject('brokers'), ...never }
}

function expectKept({ isKept, failures, verdict }: SectionResult): void {
  expect({ isKept, failures, findings: verdict.findings }).toEqual({
    ...{ isKept: true, failures: [], findings: [] },
  })
  expect(verdict.verified).toBe(verdict.ticks)
}
