import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import { noWebhooks } from '../../../test/helpers/no-webhooks.ts'

const REQUESTS = [
  ['GET', '/webhooks'],
  ['GET', '/webhooks/h/deadLetters'],
  ['POST', '/webhooks/h/deadLetters/replay'],
  ['DELETE', '/webhooks/h/deadLetters'],
  ['GET', '/webhooks/h/attempts'],
  ['POST', '/webhooks/h/test'],
] as const

test('webhooks are not for everybody', async (t) => {
  const asked: string[] = []
  const webhooks = {
    ...noWebhooks(),
    list: async (organizationId: string) => {
      asked.push(organizationId)
      return []
    },
  }
  const url = await (await openHttp(t, { webhooks })).listen()
  const call = async (token: string, method: string, path: string) => {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`${url}/rtc-api${path}`, { method, headers })
    return [answer.status, JSON.parse(await answer.text()).error]
  }
  for (const [method, path] of REQUESTS) {
    assert.deepEqual(await call('alice', method, path), [403, 'forbidden'], path)
    assert.deepEqual(await call('alice', method, `${path}?organizationId=globex`), [403, 'forbidden'], path)
    assert.deepEqual(await call('service', method, path), [400, 'organization_required'], path)
    assert.deepEqual(await call('nobody', method, path), [401, 'unauthorized'], path)
    const twice = `${path}?organizationId=acme&organizationId=globex`
    assert.deepEqual(await call('service', method, twice), [400, 'invalid_request'], path)
  }
  assert.deepEqual(await call('service', 'GET', '/webhooks?organizationId=globex'), [200, undefined])
  assert.deepEqual(await call('service', 'GET', '/webhooks/h/deadLetters?organizationId=globex'), [
    404,
    'not_found',
  ])
  assert.deepEqual(asked, ['globex'])
})
