import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeLocks } from '../../../test/helpers/fake-locks.ts'
import { claimEndpointId, type EndpointIdOptions } from './endpoint-id.ts'

function storageOf(map: Map<string, string>) {
  return {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, id: string) => void map.set(key, id),
  }
}

function options(overrides: Partial<EndpointIdOptions>): EndpointIdOptions {
  let count = 0
  return {
    storage: undefined,
    storageKey: 'k',
    locks: undefined,
    random: { fraction: () => 0, uuid: () => `made-${++count}` },
    signal: new AbortController().signal,
    ...overrides,
  }
}

describe("the endpoint's id", () => {
  it('survives a reload', async () => {
    const kept = new Map<string, string>()
    const first = await claimEndpointId(options({ storage: storageOf(kept) }))
    assert.deepEqual([first, kept.get('k')], ['made-1', 'made-1'])
    const random = { fraction: () => 0, uuid: () => 'another' }
    assert.equal(await claimEndpointId(options({ storage: storageOf(kept), random })), 'made-1')
  })

  it('is not shared with a duplicate of the tab, which has a copy of the storage', async () => {
    const locks = createFakeLocks()
    const first = new AbortController()
    const kept = new Map([['k', 'mine']])
    const claimed = options({ storage: storageOf(kept), locks: locks.open(), signal: first.signal })
    assert.equal(await claimEndpointId(claimed), 'mine')
    const copy = new Map(kept)
    assert.equal(await claimEndpointId(options({ storage: storageOf(copy), locks: locks.open() })), 'made-1')
    assert.equal(copy.get('k'), 'made-1')
    first.abort()
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(await claimEndpointId(options({ storage: storageOf(kept), locks: locks.open() })), 'mine')
  })

  it('is made anew where the storage is forbidden, or holds what is no id', async () => {
    const forbidden = {
      getItem: () => {
        throw new Error('SecurityError')
      },
      setItem: () => {
        throw new Error('QuotaExceededError')
      },
    }
    assert.equal(await claimEndpointId(options({ storage: forbidden })), 'made-1')
    assert.equal(await claimEndpointId(options({ storage: storageOf(new Map([['k', 'a/#']])) })), 'made-1')
  })

  it('does without Web Locks that refuse', async () => {
    const locks = { request: () => Promise.reject(new Error('SecurityError')) }
    assert.equal(await claimEndpointId(options({ storage: storageOf(new Map([['k', 'a']])), locks })), 'a')
  })
})
