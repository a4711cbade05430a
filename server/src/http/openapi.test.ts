import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { ask } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import { buildOpenApi } from './http.ts'

const CHANGED = [400, 401, 403, 404, 409, 412, 428, 429, 503] as const

const OPERATIONS: readonly (readonly [line: string, statuses: readonly number[]])[] = [
  ['post /security/oauth/token', [200, 400, 401, 413, 429, 503]],
  ['post /security/oauth/revoke', [200, 400, 401, 413, 429, 503]],
  ['get /security/oidc', [200]],
  ['post /security/oidc/authorize', [200, 400, 413, 429, 503]],
  ['post /security/oidc/token', [200, 400, 403, 413, 429, 503]],
  ['post /security/oidc/revoke', [200, 400, 413, 429, 503]],
  ['get /.well-known/jwks.json', [200]],
  ['get /.well-known/oauth-authorization-server', [200]],
  ['post /rtc-api/users/endpoints', [200, 400, 401, 413, 415, 429, 503]],
  ['get /rtc-api/users/endpoints', [200, 400, 401, 503]],
  ['post /rtc-api/users/endpoints/register', [200, 400, 401, 413, 415, 429, 503]],
  ['post /rtc-api/users/endpoints/unregister', [204, 400, 401, 413, 415, 503]],
  ['post /rtc-api/users/endpoints/keepalive', [204, 400, 401, 413, 415, 503]],
  ['get /rtc-api/users/endpoints/{userEndpointId}', [200, 400, 401, 404, 503]],
  ['get /rtc-api/users/endpoints/{userEndpointId}/events', [200, 400, 401, 429, 503]],
  ['post /rtc-api/users/endpoints/{userEndpointId}/events/acknowledge', [200, 400, 401, 413, 415, 503]],
  ['get /rtc-api/events/{eventId}', [200, 400, 401, 404, 503]],
  ['get /rtc-api/events', [200, 400, 401, 429, 503]],
  ['get /rtc-api/webhooks', [200, 400, 401, 403, 503]],
  ['get /rtc-api/webhooks/{webhookId}/deadLetters', [200, 400, 401, 403, 404, 503]],
  ['delete /rtc-api/webhooks/{webhookId}/deadLetters', [204, 400, 401, 403, 404, 503]],
  ['post /rtc-api/webhooks/{webhookId}/deadLetters/replay', [202, 400, 401, 403, 404, 413, 415, 503]],
  ['get /rtc-api/statistics', [200, 400, 401, 403, 503]],
  ['get /rtc-api/nodes', [200, 400, 401, 403, 404, 503]],
  ['get /rtc-api/notices', [200, 400, 401, 403, 404, 503]],
  ['get /rtc-api/webhooks/{webhookId}/attempts', [200, 400, 401, 403, 404]],
  ['post /rtc-api/webhooks/{webhookId}/test', [200, 400, 401, 403, 404, 413, 415, 429]],
  ['get /rtc-api/statistics/day', [200, 400, 401, 403, 404, 429, 503]],
  ['get /rtc-api/wakeUps', [200, 400, 401]],
  ['get /rtc-api/iceServers', [200, 401]],
  ['get /rtc-api/users', [200, 400, 401, 403, 404, 429, 503]],
  ['get /rtc-api/organizations', [200, 400, 401, 403, 429, 503]],
  ['get /rtc-api/users/{userId}/endpoints', [200, 400, 401, 403, 503]],
  ['delete /rtc-api/users/{userId}/endpoints/{userEndpointId}', [204, 400, 401, 403, 404, 503]],
  ['post /rtc-api/users/presence', [200, 400, 401, 403, 413, 415, 429, 503]],
  ['post /rtc-api/users/{userId}/revoke', [204, 400, 401, 403, 413, 415, 503]],
  ['post /rtc-api/users/{userId}/erase', [200, 400, 401, 403, 429, 503]],
  ['get /rtc-api/users/{userId}/export', [200, 400, 401, 403, 429, 503]],
  ['post /rtc-api/users/endpoints/sendEvent', [200, 400, 401, 403, 413, 415, 429, 503]],
  ['post /rtc-api/events/{eventId}/answer', [204, 400, 401, 404, 409, 413, 415, 503]],
  ['post /rtc-api/masks/preview', [200, 400, 401, 413, 415, 429, 503]],
  ['post /rtc-api/users/endpoints/sendEvents', [200, 400, 401, 413, 415, 503]],
  ['get /health/live', [200]],
  ['get /health/ready', [200, 503]],
  ['get /metrics', [200, 401]],
  ['get /rtc-api/openapi.json', [200]],
  ['get /rtc-api/audit', [200, 400, 401, 403, 429, 503]],
  ['get /rtc-api/directory/authorities', [200, 400, 401, 403, 404, 429, 503]],
  ...['organizations', 'webhooks', 'users', 'clients'].flatMap(entryOperations),
]

function entryOperations(kind: string): [string, number[]][] {
  const all = `/rtc-api/directory/${kind}`
  const one = `${all}/{entryId}`
  const rotated: [string, number[]] = [`post ${one}/rotate-secret`, [200, ...CHANGED]]
  const former: [string, number[]] = [`post ${one}/remove-former-secret`, [200, ...CHANGED]]
  return [
    [`get ${all}`, [200, 400, 401, 403, 404, 429, 503]],
    [`post ${all}`, [201, 400, 401, 403, 404, 409, 413, 415, 429, 503]],
    [`get ${one}`, [200, 400, 401, 403, 404, 503]],
    [`patch ${one}`, [200, 400, 401, 403, 404, 409, 412, 413, 415, 428, 429, 503]],
    [`delete ${one}`, [204, ...CHANGED]],
    ...(kind === 'organizations' ? [] : [rotated]),
    ...(kind === 'clients' || kind === 'webhooks' ? [former] : []),
  ]
}

/** Names and properties as the contract has them. */
const CONTRACT: { readonly [schema: string]: readonly string[] } = {
  RegisterUserEndpointWebCommand: ['userEndpointId', 'keepAliveSeconds', 'serverKeepAliveReminderOn'],
  UnregisterUserEndpointWebCommand: ['userEndpointId', 'reason'],
  SendEventToUserWebCommand: ['userId', 'organizationId', 'userEndpointId', 'event', 'masks', 'qos'],
  RegisterResult: ['id'],
  KeepUserEndpointAliveWebCommand: ['userEndpointId'],
}

/** What Rollcall adds to them. */
const OWN_PROPERTIES: ReadonlyMap<string, readonly string[]> = new Map([
  ['RegisterUserEndpointWebCommand', ['wakeUp']],
  [
    'SendEventToUserWebCommand',
    ['ttlSeconds', 'expiresAt', 'collapseKey', 'cancelOthers', 'idempotencyKey', 'waitFor', 'graceMs'],
  ],
])

const OWN_SCHEMAS = [
  'UserEndpoint',
  'IceServers',
  'SendEventResult',
  'TokenResponse',
  'OAuthError',
  'Error',
  'HistoryRecord',
  'HistoryPage',
  'AnswerEventWebCommand',
  'AcknowledgeEventsWebCommand',
  'Acknowledged',
  'WakeUpWays',
  'UserPresenceWebCommand',
  'RevokeUserWebCommand',
  'UserPresences',
  'Webhook',
  'LifecycleEvent',
  'MasksPreview',
  'MasksPreviewWebCommand',
  'DeadLetterPage',
  'Replay',
  'Statistics',
  'NodeList',
  'NoticeList',
  'DayStatistics',
  'WebhookAttempt',
  'WebhookAttempts',
  'OrganizationPage',
  'UserErased',
  'UserExport',
  'UserPage',
  'AuditPage',
  'DirectoryAuthorities',
  ...['Organization', 'User', 'Client', 'Webhook'].flatMap((title) =>
    ['', 'Page', 'Members'].map((what) => `Directory${title}${what}`),
  ),
]

function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  )
}

function keysOf(value: unknown): string[] {
  return Object.keys(value ?? {})
}

function* refsIn(value: unknown): Iterable<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref' && typeof inner === 'string') yield inner
    else yield* refsIn(inner)
  }
}

describe('the OpenAPI document', () => {
  let document: object

  before(async () => {
    document = await buildOpenApi()
  })

  it('has every operation with its answers, and no other', () => {
    const found = keysOf(at(document, 'paths')).flatMap((path) =>
      keysOf(at(document, 'paths', path)).map((method) => {
        const statuses = keysOf(at(document, 'paths', path, method, 'responses'))
        return [`${method} ${path}`, statuses.map(Number)]
      }),
    )
    assert.deepEqual(new Map(found as [string, number[]][]), new Map(OPERATIONS))
  })

  it("has the contract's schemas by name, each property described", () => {
    for (const [name, properties] of Object.entries(CONTRACT)) {
      const schema = at(document, 'components', 'schemas', name)
      const own = OWN_PROPERTIES.get(name) ?? []
      assert.deepEqual(keysOf(at(schema, 'properties')).toSorted(), [...properties, ...own].toSorted(), name)
      for (const property of keysOf(at(schema, 'properties')))
        assert.equal(
          typeof at(schema, 'properties', property, 'description'),
          'string',
          `${name}.${property}`,
        )
    }
    const names = keysOf(at(document, 'components', 'schemas'))
    assert.deepEqual(names.toSorted(), [...keysOf(CONTRACT), ...OWN_SCHEMAS].toSorted())
  })

  it('refers only to what is in it', () => {
    const refs = [...refsIn(document)]
    assert.ok(refs.length > 20)
    for (const ref of refs) {
      assert.match(ref, /^#\//)
      assert.notEqual(at(document, ...ref.slice(2).split('/')), undefined, ref)
    }
  })

  it('asks for a token where the server does', () => {
    for (const [line] of OPERATIONS) {
      const [method = '', path = ''] = line.split(' ')
      const security = at(document, 'paths', path, method, 'security')
      const isOpen = !path.startsWith('/rtc-api') || path.endsWith('openapi.json')
      assert.deepEqual(security, isOpen ? [] : [{ BearerToken: [] }, { OAuth2ClientCredentials: [] }], line)
      assert.equal(typeof at(document, 'paths', path, method, 'operationId'), 'string', line)
    }
    assert.deepEqual(keysOf(at(document, 'components', 'securitySchemes')), [
      'BearerToken',
      'OAuth2ClientCredentials',
    ])
  })

  it('is the same each time, and names no host', async () => {
    const text = JSON.stringify(document)
    assert.equal(JSON.stringify(await buildOpenApi()), text)
    assert.equal(at(document, 'openapi'), '3.1.0')
    assert.doesNotMatch(text, /127\.0\.0\.1|localhost|file:/)
  })

  it('is what a server with its own limits serves, to anybody', async (test) => {
    const { listen } = await openHttp(test, { settings: { keepAliveSecondsMax: 60 } })
    const answer = await ask(await listen(), 'GET /rtc-api/openapi.json', { headers: { authorization: '' } })
    assert.equal(answer.status, 200)
    const served: unknown = JSON.parse(answer.text)
    const path = ['components', 'schemas', 'RegisterUserEndpointWebCommand', 'properties', 'keepAliveSeconds']
    assert.equal(at(served, ...path, 'maximum'), 60)
    assert.equal(at(document, ...path, 'maximum'), 86_400)
  })
})
