import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesIn, filledFrom, settled } from './filled.ts'
import { kindOf } from './kinds.ts'

const ALICE = { id: 'alice', username: 'alice', authorities: ['A', 'B'], enabled: true }
const users = kindOf('users').fields.filter(({ isFinal, isOfAll }) => isFinal !== true && isOfAll !== true)

test('only what somebody has changed is sent; more spaces are no change', () => {
  const filled = filledFrom(users, ALICE)
  assert.deepEqual(changesIn(users, filled, ALICE), {})
  assert.deepEqual(changesIn(users, { ...filled, authorities: ' A   B ', username: 'alice ' }, ALICE), {})
  assert.deepEqual(changesIn(users, { ...filled, authorities: 'A\nC,D' }, ALICE), {
    authorities: ['A', 'C,D'],
  })
  assert.deepEqual(changesIn(users, { ...filled, authorities: '' }, ALICE), { authorities: [] })
  assert.deepEqual(changesIn(users, { ...filled, enabled: 'no', username: '' }, ALICE), {
    username: null,
    enabled: false,
  })
})

test('of a new entry what is filled in is sent, a password as it was typed, and nothing that is the usual', () => {
  const { fields } = kindOf('users')
  const filled = { ...filledFrom(fields, undefined), username: ' bob ', password: ' x ' }
  assert.deepEqual(changesIn(fields, filled, undefined), {
    username: 'bob',
    authorities: ['ROLE_USER'],
    password: ' x ',
  })
  const off = { ...filledFrom(fields, undefined), username: 'bob', enabled: 'no', authorities: '' }
  assert.deepEqual(changesIn(fields, off, undefined), { username: 'bob', enabled: false })
  const { fields: ofClients } = kindOf('clients')
  const app = {
    ...filledFrom(ofClients, undefined),
    id: 'app',
    grants: 'refresh_token password',
    public: 'yes',
  }
  assert.deepEqual(changesIn(ofClients, app, undefined), {
    id: 'app',
    grants: ['password', 'refresh_token'],
    public: true,
  })
})

test('what is written while a form is being saved is not lost by that', () => {
  const sent = { url: 'https://x', name: ' a ' }
  assert.deepEqual(settled({ url: 'https://x/y', name: ' a ' }, sent, { url: 'https://x/', name: 'a' }), {
    url: 'https://x/y',
    name: 'a',
  })
})

test('every event is all events, also those of later versions', () => {
  const { fields } = kindOf('webhooks')
  const filled = { ...filledFrom(fields, undefined), id: 'h', url: 'https://x.example/' }
  assert.deepEqual(changesIn(fields, filled, undefined), {
    id: 'h',
    url: 'https://x.example/',
    events: ['*'],
  })
  const one = { ...filled, events: 'UserEndpointExpiredEvent' }
  assert.deepEqual(changesIn(fields, one, undefined)['events'], ['UserEndpointExpiredEvent'])
  assert.deepEqual(changesIn(fields, { ...filled, events: '' }, undefined)['events'], [])
})

test('rules are JSON, none are nothing, and what is no JSON is told', () => {
  const fields = kindOf('organizations').fields.filter(({ isFinal }) => isFinal !== true)
  const acme = { id: 'acme', name: 'Acme', send: [], senderId: false, webhooks: 2 }
  const filled = filledFrom(fields, acme)
  assert.equal(filled['send'], '')
  assert.deepEqual(changesIn(fields, filled, acme), {})
  const ruled = { ...filled, send: '[{"to":"self"}]' }
  assert.deepEqual(changesIn(fields, ruled, acme), { send: [{ to: 'self' }] })
  assert.deepEqual(changesIn(fields, { ...ruled, send: ' ' }, { ...acme, send: [{ to: 'none' }] }), {
    send: [],
  })
  assert.throws(() => changesIn(fields, { ...filled, send: '{' }, acme), SyntaxError)
})
