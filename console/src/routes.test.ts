import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { href, parseRoute } from './routes.ts'

describe('routes', () => {
  it('are what href makes of them, whatever an id is made of', () => {
    for (const id of ['bob', 'a b', '<b>&"', 'x?y=z&w', '%', 'ä%2f', "o'hara"])
      assert.deepEqual(parseRoute(href(['people', id])), { page: 'people', userId: id })
    assert.deepEqual(parseRoute(href(['send', 'bob'], { userEndpointId: 'a&b' })), {
      page: 'send',
      userId: 'bob',
      userEndpointId: 'a&b',
    })
  })

  it('keep the filters they know, and nothing else', () => {
    const fragment = href(['events'], { userId: 'b&b', type: 'AEvent', from: '', other: '1' })
    assert.deepEqual(parseRoute(fragment), {
      page: 'events',
      eventId: undefined,
      filters: { userId: 'b&b', type: 'AEvent' },
    })
  })

  it('are the first page where nobody knows them', () => {
    for (const fragment of ['', '#', '#/', '#/nowhere/x', '#/__proto__'])
      assert.deepEqual(parseRoute(fragment), { page: 'now' })
    assert.deepEqual(parseRoute('#/people/%E0%A4%A'), { page: 'people', userId: '%E0%A4%A' })
  })
})
