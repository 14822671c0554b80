/** From the bytes of a body to the fields of its one JSON object. */
import { invalidBody, show, type Unreadable } from './exchange.js'

export type Fields = Readonly<Record<string, unknown>>

/** The body's fields, or why it has none; proxies answer in HTML, and connections end early. */
export function readFields(body: Uint8Array): { readonly fields: Fields } | Unreadable {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return invalidBody('not UTF-8')
  }
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return { fields: value }
    return invalidBody(`no JSON object but ${show(value)}`)
  } catch {
    // The engine's own words change from version to version, and records must not.
    return invalidBody(notJson(text))
  }
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function notJson(text: string): string {
  const trimmed = text.trim()
  if (trimmed === '') return 'an empty body'
  if (!trimmed.startsWith('{')) return `no JSON: it begins ${show(trimmed)}`
  return `broken or cut-off JSON of ${text.length} characters: it ends ${show(trimmed.slice(-30))}`
}
