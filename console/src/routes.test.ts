import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { href, hrefOfEntry, organizationIn, parseRoute, withOrganization } from './routes.ts'

const PEOPLE = { page: 'people', prefix: '', shown: 'everybody' }

describe('routes', () => {
  it('are what href makes of them, whatever an id is made of', () => {
    for (const id of ['bob', 'a b', '<b>&"', 'x?y=z&w', '%', 'ä%2f', "o'hara"])
      assert.deepEqual(parseRoute(href(['people', id])), { ...PEOPLE, userId: id })
    assert.deepEqual(parseRoute(href(['people'], { prefix: '<b>&', shown: 'connected' })), {
      page: 'people',
      userId: undefined,
      prefix: '<b>&',
      shown: 'connected',
    })
    assert.deepEqual(parseRoute(href(['send', 'bob'], { userEndpointId: 'a&b' })), {
      page: 'send',
      userId: 'bob',
      userEndpointId: 'a&b',
    })
  })

  it('lead to the processes', () => assert.deepEqual(parseRoute(href(['nodes'])), { page: 'nodes' }))

  it('lead into the directory, to a kind of entry that there is', () => {
    const route = { page: 'directory', kind: 'users', entryId: undefined, prefix: '', isAdding: false }
    for (const id of ['bob', 'a b', '<b>&"', 'x?y=z&w', '%', 'ä%2f'])
      assert.deepEqual(parseRoute(hrefOfEntry('clients', id)), { ...route, kind: 'clients', entryId: id })
    assert.deepEqual(parseRoute(hrefOfEntry('users', undefined, { prefix: 'a&b', add: 'true' })), {
      ...route,
      prefix: 'a&b',
      isAdding: true,
    })
    for (const fragment of ['#/directory', '#/directory/', '#/directory/__proto__', '#/directory/users'])
      assert.deepEqual(parseRoute(fragment), route)
    assert.equal(hrefOfEntry('users', 'b/b'), '#/directory/users/b%2Fb')
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
      assert.deepEqual(parseRoute(fragment), { page: 'now', shown: 'minutes' })
    assert.deepEqual(parseRoute('#/people/%E0%A4%A'), { ...PEOPLE, userId: '%E0%A4%A' })
    assert.deepEqual(parseRoute('#/people?shown=__proto__'), { ...PEOPLE, userId: undefined })
  })

  it('name an organization beside whatever else they say', () => {
    const fragment = withOrganization('#/events?userId=b%26b', 'a&b')
    assert.equal(fragment, '#/events?userId=b%26b&organization=a%26b')
    assert.equal(organizationIn(fragment), 'a&b')
    assert.deepEqual(parseRoute(fragment), parseRoute('#/events?userId=b%26b'))
    assert.equal(withOrganization(fragment, ''), '#/events?userId=b%26b')
    assert.equal(withOrganization('', 'acme'), '#/now?organization=acme')
    for (const none of ['', '#/now', '#/people/bob?x=1']) assert.equal(organizationIn(none), undefined)
  })
})
