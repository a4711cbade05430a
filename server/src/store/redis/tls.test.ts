import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { NO_REDIS, RedisServer } from '../../../../test/helpers/redis-server.ts'
import { freePort } from '../../../../test/helpers/run-server.ts'
import { certificateFile } from '../../../../test/helpers/tls.ts'
import { systemClock } from '../../clock/clock.ts'
import { openEngine } from './assembly.ts'
import { placeOf } from './connection/address.ts'

it('a Redis behind TLS, with a user and a password, is believed by the certificates that are given', {
  skip: NO_REDIS ?? false,
}, async () => {
  const port = await freePort()
  const server = await RedisServer.start(
    ...['--tls-port', String(port), '--tls-auth-clients', 'no'],
    ...['--tls-cert-file', certificateFile('first.cert'), '--tls-key-file', certificateFile('first.key')],
    ...['--tls-ca-cert-file', certificateFile('first.cert')],
    ...['--user', 'rollcall', 'on', '>se/cret', '~rc:*', '+@all', '-@dangerous', '+info', '+function'],
  )
  const ca = readFileSync(certificateFile('first.cert'), 'utf8')
  const url = `rediss://rollcall:se%2Fcret@localhost:${port}`
  const common = { partitions: 1, id: 'one', clock: systemClock() }
  const { store } = await openEngine({ ...common, address: placeOf(url, ca) })
  assert.equal((await store.totals()).registrations, 0)
  await store.close()
  const other = readFileSync(certificateFile('second.cert'), 'utf8')
  await assert.rejects(openEngine({ ...common, address: placeOf(url, other) }), /certificate is not believed/)
  await server.close()
})
