/** Which topics may be which. */
import { describe, expect, it } from 'vitest'
import { assertOwnTopics } from './own-topics.js'

describe('the topics of a job', () => {
  const flags = { input: 'in', output: 'out', deadLetters: 'dead', job: 'out' }

  it('have one role each, also those whose names follow from others', () => {
    assertOwnTopics(flags, { '--by-symbol': 'out.by-symbol', '--rekey': undefined })
    const wrong = [
      [{ ...flags, output: 'in' }, {}, '--input and --output name the same topic, in,'],
      [{ ...flags, deadLetters: 'in.by-id' }, { '--rekey': 'in.by-id' }, 'and --rekey name the'],
      [{ ...flags, job: 'j'.repeat(241) }, {}, 'the progress of --job: too long a name'],
      [flags, { '--rekey': 'x'.repeat(250) }, '--rekey: too long a name'],
    ] as const
    for (const [given, more, message] of wrong) {
      expect(() => assertOwnTopics(given, more)).toThrow(message)
    }
  })
})
