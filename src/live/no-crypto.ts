/** Stands in for node:crypto in the browser, where the hashes of progress records are never asked for. */
export function createHash(): never {
  throw new Error('the live page has no hashes')
}
