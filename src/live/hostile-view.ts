/** The picker of hostile records on the live page: what is sent, and what became of it, always as text. */
import { byId, make } from '../web/page/dom.js'
import { HOSTILE_SAMPLES } from './hostile-samples.js'
import type { Verdict } from './live-book.js'

const OWN = 'own'
/** The longest text that the box shows; a sample goes out as its bytes, whatever the box shows of it. */
const SHOWN = 400
const MAX_VERDICTS = 8

/** @param feed applies a record and says what became of it */
export function startHostileView(feed: (record: Uint8Array) => Verdict): void {
  const picker = byId<HTMLSelectElement>('sample')
  const box = byId<HTMLTextAreaElement>('record')
  for (const [at, { name }] of HOSTILE_SAMPLES.entries()) picker.append(new Option(name, `${at}`))
  picker.append(new Option('A record of your own', OWN))
  const show = () => {
    const sample = HOSTILE_SAMPLES[Number(picker.value)]
    box.readOnly = sample !== undefined
    if (sample !== undefined) box.value = sample.records.map(shownText).join('\n')
  }
  picker.addEventListener('change', show)
  byId<HTMLFormElement>('hostile').addEventListener('submit', (event) => {
    event.preventDefault()
    const own = [new TextEncoder().encode(box.value)]
    const records = HOSTILE_SAMPLES[Number(picker.value)]?.records ?? own
    showVerdicts(records.map(feed))
  })
  show()
}

function showVerdicts(verdicts: readonly Verdict[]): void {
  const list = byId('verdicts')
  for (const { counts, outcome, detail } of verdicts) {
    const reason = make('b', '', outcome)
    const item = make('li', counts, `${counts}: `, reason, detail === '' ? '' : ` (${detail})`)
    list.prepend(item)
  }
  while (list.children.length > MAX_VERDICTS) list.lastElementChild!.remove()
  const said = verdicts.map(({ counts, outcome, detail }) => `${counts}: ${outcome} ${detail}`)
  byId('announcer').textContent = said.join('; ')
}

function shownText(record: Uint8Array): string {
  if (record.length === 0) return '(no bytes)'
  const text = new TextDecoder('utf-8', { ignoreBOM: true })
    .decode(record)
    .replace('\uFEFF', '\\uFEFF (the mark, as its three bytes) ')
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)} … ${record.length} bytes in all`
}
