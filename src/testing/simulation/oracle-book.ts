/** The oracle's book as the simulation uses it: the only file here that knows where it lives. */
export { NaiveBook } from '../../oracle/naive-book.js'
export { naiveEvent } from '../../oracle/naive-event.js'
