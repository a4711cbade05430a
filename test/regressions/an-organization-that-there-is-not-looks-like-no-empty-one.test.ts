import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { createAuth } from '../../server/src/auth/auth.ts'
import { createLocalCluster } from '../../server/src/cluster/local/local.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import { ask, post } from '../helpers/ask.ts'
import { createFakeClock, seededRandom } from '../helpers/fake-clock.ts'
import { openHttp } from '../helpers/http-fixture.ts'

const SERVICE = { authorization: 'Bearer service' }
const ignore = () => undefined
const PARAMETERS: Readonly<Record<string, string>> = {
  userId: 'alice',
  userEndpointId: 'phone',
  eventId: 'e1',
  webhookId: 'w1',
}

test('whoever asks about an organization that there is not is told so, on every route that is told of one', async (context) => {
  const { http, listen } = await openHttp(context)
  const url = await listen()
  const tried: string[] = []
  for (const [template, operations] of Object.entries(http.document().paths ?? {}))
    for (const [method, operation] of Object.entries(operations as object)) {
      const { parameters = [], operationId } = operation as {
        parameters?: readonly { name: string; in: string }[]
        operationId: string
      }
      // What is left of a former organization's users can be had and removed; who removed it stands in the audit log.
      if (['eraseUser', 'exportUser', 'listAudit'].includes(operationId)) continue
      if (!parameters.some((one) => one.in === 'query' && one.name === 'organizationId')) continue
      const path = template.replace(/\{(\w+)\}/g, (_, name: string) => PARAMETERS[name] ?? name)
      const answer = await ask(url, `${method.toUpperCase()} ${path}?organizationId=acne`, {
        headers: SERVICE,
      })
      assert.equal(answer.status, 404, operationId)
      const { error, message, organizationId } = JSON.parse(answer.text)
      assert.deepEqual([error, message], ['not_found', 'There is no such organization.'], operationId)
      assert.ok(organizationId, operationId)
      tried.push(operationId)
    }
  for (const known of [
    'listUsers',
    'listEvents',
    'statistics',
    'listWebhooks',
    'kickUserEndpoint',
    'revokeUser',
  ])
    assert.ok(tried.includes(known), `${known} in ${tried.join(' ')}`)
  const presence = { userIds: ['alice'], organizationId: 'acne' }
  assert.equal((await post(url, '/rtc-api/users/presence', presence, SERVICE)).status, 404)
  const revoked = await post(url, '/rtc-api/users/alice/revoke', { organizationId: 'acne' }, SERVICE)
  assert.equal(revoked.status, 404)
})

test('whoever belongs to one is not asked which, and learns nothing of others', async (context) => {
  const { listen } = await openHttp(context)
  const url = await listen()
  for (const caller of ['alice', 'backend']) {
    const headers = { authorization: `Bearer ${caller}` }
    const answer = await ask(url, 'GET /rtc-api/users/alice/endpoints?organizationId=acne', { headers })
    assert.equal(answer.status, 200, caller)
  }
})

test('an organization is one of the directory, or one that an issuer may speak for', async (context) => {
  const clock = createFakeClock()
  const issuer = (name: string, more: object) => ({
    issuer: name,
    jwksUri: 'https://idp.example/jwks',
    algorithms: ['RS256'],
    ...more,
  })
  const open = async (foreignIssuers: unknown) => {
    const auth = await createAuth({
      store: createMemoryStore({ clock }),
      cluster: createLocalCluster('here'),
      clock,
      random: seededRandom(1),
      log: { info: ignore, warn: ignore, error: ignore, debug: ignore },
      issuer: () => 'http://127.0.0.1',
      accessTokenTtlSeconds: 60,
      refreshTokenTtlSeconds: 60,
      refreshFamiliesPerUserMax: 5,
      signingKeyRotationDays: 90,
      staleConnectSecondsMax: 60,
      foreignIssuers,
      fetchJson: () => Promise.reject(new RollcallError('unavailable')),
    })
    context.after(() => auth.close())
    return (ids: readonly string[]) => ids.map((id) => auth.mayBeOrganization(id))
  }
  const ids = ['acme', 'initech', 'umbrella', '__proto__']
  assert.deepEqual((await open([]))(ids), [true, false, false, false])
  const fixed = issuer('https://a.example', { organizationId: 'initech' })
  const listed = issuer('https://b.example', { organizations: ['umbrella'] })
  assert.deepEqual((await open([fixed]))(ids), [true, true, false, false])
  assert.deepEqual((await open([fixed, listed]))(ids), [true, true, true, false])
  const every = issuer('https://c.example', { organizations: '*' })
  assert.deepEqual((await open([every]))(ids), [true, true, true, true])
})
