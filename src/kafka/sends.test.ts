/** Sends: all messages in order, none above a limit of bytes or of messages. */
import { expect, it } from 'vitest'
import { inSends } from './sends.js'

function sizesOf(messages: readonly { value: string }[]): number[] {
  const sends = [...inSends('t', messages, 'RECORD_TOO_LARGE')]
  const batches = sends.map(({ topicMessages: [first] }) => first.messages)
  expect(batches.flat()).toEqual(messages)
  return batches.map((batch) => batch.length)
}

it('are cut by their number, for a long list costs KafkaJS its square', () => {
  expect(sizesOf(Array.from({ length: 2_500 }, (_, index) => ({ value: `${index}` })))).toEqual([
    1_000, 1_000, 500,
  ])
})

it('are cut by their bytes; a message above the limit goes alone', () => {
  const large = { value: 'x'.repeat(300 * 1024) }
  const huge = { value: 'x'.repeat(600 * 1024) }
  expect(sizesOf([large, large, huge, large])).toEqual([1, 1, 1, 1])
  expect(sizesOf([large, { value: 'y' }, large])).toEqual([2, 1])
})
