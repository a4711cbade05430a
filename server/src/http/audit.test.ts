import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, post } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import type { AuditRecord } from '../audit/audit.ts'
import { buildOpenApi } from './openapi.ts'
import { AUDITED } from './plugins/audit.ts'

async function open(test: Parameters<typeof openHttp>[0]) {
  const records: AuditRecord[] = []
  const { listen } = await openHttp(test, { audit: { record: (record) => void records.push(record) } })
  return { records, url: await listen() }
}

const SERVICE = { headers: { authorization: 'Bearer service' } }

test('who read whose presence is written down, and what was refused; nothing of a body but ids', async (test) => {
  const { records, url } = await open(test)
  const path = '/rtc-api/users'
  await ask(url, `GET ${path}/alice/endpoints?organizationId=acme`, SERVICE)
  await ask(url, `GET ${path}/bob/endpoints?organizationId=acme`)
  await ask(url, `GET ${path}/bob/endpoints`, { headers: { authorization: 'Bearer secret-token' } })
  await post(url, `${path}/presence`, { userIds: ['bob', 'a/b secret'], secret: 'secret' })
  const caller = records[1]
  assert.deepEqual(
    records.map(({ action, outcome, status, userId, users }) => [action, outcome, status, userId ?? users]),
    [
      ['read_presence', 'done', 200, 'alice'],
      ['read_presence', 'refused', 403, 'bob'],
      ['read_presence', 'refused', 401, 'bob'],
      ['read_presence', 'failed', 400, 2],
    ],
  )
  assert.deepEqual([records[0]?.callerKind, records[0]?.organizationId], ['service', 'acme'])
  assert.deepEqual([caller?.callerKind, caller?.callerId, caller?.address], ['user', 'alice', '127.0.0.1'])
  assert.equal(records[2]?.callerId, undefined)
  assert.equal(records[3]?.userIds, 'bob')
  assert.doesNotMatch(JSON.stringify(records), /secret/)
})

test('what users read of themselves is not written down, what they change is', async (test) => {
  const { records, url } = await open(test)
  await post(url, '/rtc-api/users/endpoints', { userEndpointId: 'phone', keepAliveSeconds: 60 })
  await ask(url, 'GET /rtc-api/users/alice/endpoints')
  await ask(url, 'GET /rtc-api/events')
  await ask(url, 'DELETE /rtc-api/users/alice/endpoints/phone')
  assert.deepEqual(
    records.map(({ action, outcome, userId, userEndpointId }) => [action, outcome, userId, userEndpointId]),
    [['kick_endpoint', 'done', 'alice', 'phone']],
  )
})

test('every operation that is written down is one that there is', async () => {
  const document = JSON.stringify(await buildOpenApi())
  for (const operation of AUDITED.keys())
    assert.ok(document.includes(`"operationId":"${operation}"`), operation)
})
