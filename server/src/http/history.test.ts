import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../../../test/helpers/ask.ts'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import { noDirectory } from '../../../test/helpers/no-directory.ts'
import { noProvider } from '../../../test/helpers/no-provider.ts'
import type { Principal } from '../auth/auth.ts'
import { createHistory } from '../history/history.ts'
import { createMemoryStore } from '../store/memory/memory.ts'
import type { HistoryDraft, HistoryStore } from '../store/store.ts'

const FRACTION = '{ "id":"e1", "n": 1.0,"big":12345678901234567890, "type":"CallOfferedEvent"}'

/** `organization/user/client/authority` is the token of that caller; without organization, of role SERVICE. */
function principalOf(token: string): Principal {
  const [organizationId = '', userId = '', clientId = '', authority = 'ROLE_USER'] = token.split('/')
  const isService = organizationId === ''
  return {
    organizationId: isService ? null : organizationId,
    userId,
    clientId,
    isClient: clientId === userId,
    authorities: isService ? ['SERVICE'] : [authority],
    isService,
    expiresAtWallMs: 1e15,
  }
}

const ALICE = 'acme/alice/app'
const BOB = 'acme/bob/app'
const BACKEND = 'acme/backend/backend'
const ADMINISTRATOR = 'acme/olivia/app/ROLE_ORGANIZATION_ADMIN'
const GLOBEX = 'globex/other/other'
const SERVICE = '/service/service'

async function open(test: TestContext) {
  const clock = createFakeClock()
  const { history: store } = createMemoryStore({ clock })
  const unused = () => Promise.reject(new Error('not here'))
  const { listen } = await openHttp(test, {
    clock,
    history: createHistory({ store: { history: store } }),
    auth: {
      directory: noDirectory(),
      oidc: noProvider(),
      authenticate: principalOf,
      token: unused,
      revoke: unused,
      revokeUser: unused,
      isStillGood: () => true,
      revocations: () => 0,
      jwks: () => ({ keys: [] }),
      metadata: () => ({}),
      organizations: () => new Map(),
      mayBeOrganization: () => true,
      namedByIssuers: () => new Set(),
    },
  })
  const url = await listen()
  const get = async (caller: string, path: string) => {
    const answer = await ask(url, `GET /rtc-api/events${path}`, {
      headers: { authorization: `Bearer ${caller}` },
    })
    return { status: answer.status, text: answer.text, json: JSON.parse(answer.text) }
  }
  const names = async (caller: string, query: string): Promise<string> => {
    const { status, json } = await get(caller, query)
    assert.equal(status, 200, query)
    return json.events.map((event: { id: string }) => event.id).join(' ')
  }
  return { clock, store, get, names }
}

function add(store: HistoryStore, wanted: Partial<HistoryDraft>): void {
  const draft = {
    organizationId: 'acme',
    userId: 'alice',
    eventId: 'e1',
    type: 'CallOfferedEvent',
    qos: 0,
    acceptedAtWallMs: 1_767_225_600_000,
    senderId: 'backend',
    event: Buffer.from(FRACTION),
  } as const
  store.add({ ...draft, ...wanted }, [])
}

describe('GET /rtc-api/events/{id}', () => {
  it('answers the record with the very bytes of the event', async (test) => {
    const { store, get } = await open(test)
    const draft = {
      organizationId: 'acme',
      userId: 'alice',
      eventId: 'e1',
      type: 'CallOfferedEvent',
      qos: 0,
      acceptedAtWallMs: 1_767_225_600_001,
      senderId: 'backend',
      event: Buffer.from(FRACTION),
    } as const
    store.add(draft, [
      { userEndpointId: 'p"1', outcome: 'sent' },
      { userEndpointId: 'p2', outcome: 'not_connected' },
    ])
    const { status, text } = await get(BACKEND, '/e1')
    assert.equal(status, 200)
    assert.equal(
      text,
      `{"id":"e1","organizationId":"acme","userId":"alice","qos":0,"acceptedAt":"2026-01-01T00:00:00.001Z",` +
        `"event":${FRACTION},"endpoints":[` +
        `{"userEndpointId":"p\\"1","outcome":"sent","sentAt":"2026-01-01T00:00:00.001Z"},` +
        `{"userEndpointId":"p2","outcome":"not_connected","notConnectedAt":"2026-01-01T00:00:00.001Z"}]}`,
    )
  })

  it('is there for backends and administrators of the organization, SERVICE, sender and recipient, and nobody else', async (test) => {
    const { store, get } = await open(test)
    add(store, { senderId: 'bob' })
    for (const caller of [BACKEND, ADMINISTRATOR, SERVICE, ALICE, BOB])
      assert.equal((await get(caller, '/e1')).status, 200)
    const stranger = 'globex/olivia/app/ROLE_ORGANIZATION_ADMIN'
    for (const caller of [
      'acme/carol/app',
      'acme/olivia/app',
      stranger,
      GLOBEX,
      'globex/alice/app',
      'globex/bob/app',
    ]) {
      const { status, json } = await get(caller, '/e1')
      assert.equal(status, 404)
      assert.equal(json.error, 'not_found')
    }
    assert.equal((await get(ALICE, '/e2')).status, 404)
    assert.equal((await get(SERVICE, '/e1?organizationId=globex')).status, 404)
    assert.equal((await get(GLOBEX, '/e1?organizationId=acme')).status, 404, 'of no use to others')
    assert.equal(
      (await get(SERVICE, '/e1?organizationId=a%2Fb')).json.organizationId.startsWith('must be'),
      true,
    )
  })

  it('takes an id of any characters, and gives the newest the caller may read', async (test) => {
    const { store, get } = await open(test)
    add(store, { eventId: 'a/b ?é', userId: 'bob' })
    add(store, { eventId: 'a/b ?é', userId: 'alice' })
    add(store, { eventId: 'a/b ?é', userId: 'carol', organizationId: 'globex' })
    const userOf = async (caller: string) =>
      (await get(caller, `/${encodeURIComponent('a/b ?é')}`)).json.userId
    assert.equal(await userOf(BOB), 'bob')
    assert.equal(await userOf(BACKEND), 'alice')
    assert.equal(await userOf(SERVICE), 'carol')
  })
})

describe('GET /rtc-api/events', () => {
  it('combines filters, within what the caller may read', async (test) => {
    const { store, names } = await open(test)
    add(store, { eventId: 'a', event: Buffer.from('{"said":"Hello"}') })
    add(store, { eventId: 'b', userId: 'bob', senderId: 'alice', acceptedAtWallMs: 1_767_225_600_500 })
    add(store, { eventId: 'c', userId: 'bob', type: 'CallEndedEvent', acceptedAtWallMs: 1_767_225_601_000 })
    add(store, { eventId: 'd', organizationId: 'globex', acceptedAtWallMs: 1_767_225_601_000 })
    for (const caller of [BACKEND, ADMINISTRATOR]) assert.equal(await names(caller, ''), 'c b a')
    assert.equal(await names(ALICE, ''), 'b a')
    assert.equal(await names(BOB, ''), 'c b')
    assert.equal(await names(GLOBEX, ''), 'd')
    assert.equal(await names(SERVICE, ''), 'd c b a')
    assert.equal(await names(SERVICE, '?organizationId=globex'), 'd')
    assert.equal(await names(BACKEND, '?organizationId=globex'), 'c b a', 'others are in their own')
    assert.equal(await names(BACKEND, '?userId=bob&type=CallEndedEvent'), 'c')
    assert.equal(await names(ALICE, '?userId=bob'), 'b')
    assert.equal(await names(BACKEND, '?from=2026-01-01T00:00:00.500Z&to=2026-01-01T00:00:01Z'), 'b')
    assert.equal(await names(BACKEND, '?userEndpointId=phone&unknown=x'), '')
    assert.equal(await names(BACKEND, '?text=HELL'), 'a', 'upper and lower case alike')
    assert.equal(await names(BOB, '?text=hell'), '', 'what one may not read is not found either')
    assert.equal(await names(BACKEND, '?outcome=sent'), '')
  })

  it('goes on with the cursor of the page before, to the end', async (test) => {
    const { store, get } = await open(test)
    for (let index = 0; index < 120; index++) add(store, { eventId: `e${index}` })
    const first = (await get(BACKEND, '')).json
    assert.deepEqual([first.events.length, first.events[0].id], [50, 'e119'])
    const second = (await get(BACKEND, `?limit=70&cursor=${first.nextCursor}`)).json
    assert.deepEqual([second.events.length, second.events[0].id, second.events[69].id], [70, 'e69', 'e0'])
    assert.equal('nextCursor' in second, false)
  })

  it('refuses cursors that were made up, or are of another caller or other filters', async (test) => {
    const { store, get } = await open(test)
    for (let index = 0; index < 3; index++) add(store, { eventId: `e${index}` })
    const { nextCursor } = (await get(BACKEND, '?limit=1')).json
    assert.equal((await get(BACKEND, `?limit=2&cursor=${nextCursor}`)).status, 200)
    const bytes = Buffer.from(nextCursor, 'base64url')
    bytes.writeUInt8((bytes[0] ?? 0) ^ 1, 0)
    const refused: [string, string][] = [
      [GLOBEX, `?cursor=${nextCursor}`],
      [ALICE, `?cursor=${nextCursor}`],
      [BACKEND, `?userId=alice&cursor=${nextCursor}`],
      [BACKEND, `?text=e&cursor=${nextCursor}`],
      [BACKEND, `?outcome=sent&cursor=${nextCursor}`],
      ...[
        bytes.toString('base64url'),
        `${nextCursor}=`,
        `${nextCursor}A`,
        'x',
        '',
        '5',
        '..',
        'A'.repeat(5000),
      ].map((cursor): [string, string] => [BACKEND, `?cursor=${cursor}`]),
      [BACKEND, `?cursor=${nextCursor}&cursor=${nextCursor}`],
    ]
    for (const [caller, query] of refused) {
      const { status, json } = await get(caller, query)
      assert.equal(status, 400, query)
      assert.equal(json.error, 'invalid_request')
      assert.equal(typeof json.cursor, 'string')
    }
  })

  it('names each parameter that is wrong', async (test) => {
    const { get } = await open(test)
    const wrong: readonly [string, string][] = [
      ['limit=0', 'limit'],
      ['limit=201', 'limit'],
      ['limit=-1', 'limit'],
      ['limit=1e2', 'limit'],
      ['limit=50.0', 'limit'],
      ['limit=', 'limit'],
      ['limit=1&limit=2', 'limit'],
      [`limit=${'9'.repeat(400)}`, 'limit'],
      ['userId=', 'userId'],
      ['userId=a%2Fb', 'userId'],
      ['userId=a&userId=b', 'userId'],
      [`userEndpointId=${'x'.repeat(129)}`, 'userEndpointId'],
      ['type=Event', 'type'],
      ['type=callOffered', 'type'],
      ['outcome=lost', 'outcome'],
      ['outcome=', 'outcome'],
      ['outcome=sent&outcome=sent', 'outcome'],
      ['text=', 'text'],
      ['text=%20', 'text'],
      [`text=${'x'.repeat(101)}`, 'text'],
      ['from=yesterday', 'from'],
      ['from=2026-02-30T00:00:00Z', 'from'],
      ['from=2026-01-01T00:00:00%2B01:00', 'from'],
      ['to=1767225600000', 'to'],
      ['to=9999999-01-01T00:00:00Z', 'to'],
      ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'from'],
      ['organizationId=%00', 'organizationId'],
    ]
    for (const [query, name] of wrong) {
      const { status, json } = await get(BACKEND, `?${query}`)
      assert.equal(status, 400, query)
      assert.deepEqual(Object.keys(json), [name, 'error', 'message'], query)
    }
  })
})
