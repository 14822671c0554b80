/** SCHEMA_REGISTRY_URL: what is taken, and how the refusal reads. */
import { describe, expect, it } from 'vitest'
import { registrySettings } from './registry-settings.js'

describe('the environment of the schema registry', () => {
  const settings = (url: string) => registrySettings({ SCHEMA_REGISTRY_URL: url })

  it('is optional, and keeps user and password apart from the URL', () => {
    expect(registrySettings({})).toBeUndefined()
    expect(settings('')).toBeUndefined()
    expect(settings('http://127.0.0.1:8081')).toEqual({ url: 'http://127.0.0.1:8081' })
    expect(settings('https://me:open%20sesame@host/apis/ccompat/v7/')).toEqual({
      url: 'https://host/apis/ccompat/v7',
      auth: { username: 'me', password: 'open sesame' },
    })
  })

  it.each(['localhost', 'ftp://me:secret@host', 'http://me:secret%zz@host', 'http://'])(
    'refuses %s without repeating it',
    (url) => {
      expect(() => settings(url)).toThrow(/^SCHEMA_REGISTRY_URL: expected http:\/\/host:port/)
    },
  )
})
