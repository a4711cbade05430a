import assert from 'node:assert/strict'
import { it } from 'node:test'
import { addressOf } from './address.ts'

it('the address of a Redis says where it is, and how it is entered', () => {
  assert.deepEqual(addressOf('redis://example.com'), { host: 'example.com', port: 6379 })
  assert.deepEqual(addressOf('redis://:p%40ss@[::1]:7000/3'), {
    ...{ host: '::1', port: 7000, password: 'p@ss', database: 3 },
  })
  assert.deepEqual(addressOf('rediss://me:secret@cache.example.com:6380', 'PEM'), {
    ...{ host: 'cache.example.com', port: 6380, username: 'me', password: 'secret' },
    tls: { servername: 'cache.example.com', ca: 'PEM' },
  })
})
