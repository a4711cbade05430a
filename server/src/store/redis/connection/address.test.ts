import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readPlace } from './address.ts'

it('the URL of a Redis says where it is, and how it is entered', () => {
  assert.deepEqual(readPlace('redis://example.com'), { addresses: [{ host: 'example.com', port: 6379 }] })
  assert.deepEqual(readPlace('redis://:p%40ss@[::1]:7000/3'), {
    addresses: [{ host: '::1', port: 7000, password: 'p@ss', database: 3 }],
  })
  assert.deepEqual(readPlace('rediss://me:secret@cache.example.com:6380/', 'PEM'), {
    addresses: [
      {
        ...{ host: 'cache.example.com', port: 6380, username: 'me', password: 'secret' },
        tls: { servername: 'cache.example.com', ca: 'PEM' },
      },
    ],
  })
})

it('the URL of a cluster names several of it, and that of sentinels the name of what they watch', () => {
  assert.deepEqual(readPlace('redis://:p@one:7000,two'), {
    addresses: [
      { host: 'one', port: 7000, password: 'p' },
      { host: 'two', port: 6379, password: 'p' },
    ],
  })
  assert.deepEqual(readPlace('rediss+sentinel://one,[fe80::1]:5000/calls%20here/2'), {
    addresses: [
      { host: 'one', port: 26_379, database: 2, tls: { servername: 'one' } },
      { host: 'fe80::1', port: 5000, database: 2, tls: { servername: 'fe80::1' } },
    ],
    master: 'calls here',
  })
})

it('what is not the URL of a Redis is none', () => {
  for (const url of [
    ...['127.0.0.1:6379', 'http://127.0.0.1', 'redis://', 'redis:///tmp/socket', 'redis://a,', 'redis://a b'],
    ...[
      'redis://a:x',
      'redis://a:70000',
      'redis://a/b',
      'redis://a/1/2',
      'redis+sentinel://a',
      'redis+sentinel://a/',
    ],
    ...['redis+sentinel://a/name/x', 'redis://a?b=c'],
  ])
    assert.equal(readPlace(url), undefined, url)
})
