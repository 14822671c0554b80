/** Prints what a demo left: messages, levels, events and what became of them. */
const { readFileSync } = require('node:fs')

const [out] = process.argv.slice(2)
const read = (name) => readFileSync(`${out}/${name}`, 'utf8')
const messages = JSON.parse(read('order-book.json'))
const levels = messages.reduce((sum, rows) => sum + rows.length, 0)
const { records, applied, ignored, rejected, tombstones, byOutcome, missed } = JSON.parse(
  read('summary.json'),
)
const { ticks, verified, deadLetters } = JSON.parse(read('verify.json'))
const outcomes = Object.entries(byOutcome).filter(([, count]) => count > 0)
console.log(`
${messages.length} messages with ${levels} levels, ${missed} seconds missed
${records} events: ${applied} applied, ${ignored} ignored, ${rejected} rejected (to the dead-letter topic), ${tombstones} empty`)
for (const [name, count] of outcomes) console.log(`${String(count).padStart(8)} ${name}`)
console.log(`verified: ${verified} of ${ticks} messages and ${deadLetters} dead letters are, byte for byte, what the naive book makes of the input
${out}/order-book.json   one array of the messages' arrays
${out}/order-book.csv    one level a row`)
