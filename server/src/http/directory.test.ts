import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Answer, ask } from '../../../test/helpers/ask.ts'
import { request, signInBackend } from '../../../test/helpers/auth-fixture.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import { openStoredAuth, STORED_SECRET } from '../../../test/helpers/stored-directory.ts'
import type { AuditRecord } from '../audit/audit.ts'

type Body = { readonly [name: string]: unknown }

async function open(t: TestContext) {
  const fixture = await openStoredAuth(t)
  const records: AuditRecord[] = []
  const { listen } = await openHttp(t, {
    auth: fixture.auth,
    audit: { record: (record) => void records.push(record) },
  })
  const url = await listen()
  const tokens = {
    boss: await fixture.tokenOf('boss'),
    alice: await fixture.tokenOf('alice'),
    gloria: await fixture.tokenOf('gloria'),
    backend: await fixture.tokenOfClient('backend'),
    service: await fixture.tokenOfClient('service'),
  }
  type Who = keyof typeof tokens
  const as = async (who: Who, line: string, body?: unknown, ifMatch?: string) => {
    const [method, path] = line.split(' ')
    const answer = await ask(url, `${method} /rtc-api/directory/${path}`, {
      headers: {
        authorization: `Bearer ${tokens[who]}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return { ...answer, body: bodyOf(answer), etag: answer.headers.etag ?? '' }
  }
  return { ...fixture, as, records, url, tokens }
}

function bodyOf({ text }: Answer): Body {
  return text === '' ? {} : JSON.parse(text)
}

const idsIn = ({ body }: { readonly body: Body }) => (body['entries'] as readonly Body[]).map(({ id }) => id)

test('an administrator sees what is of its organization, role SERVICE all or one, and nobody else anything', async (t) => {
  const { as } = await open(t)
  assert.deepEqual(idsIn(await as('boss', 'GET users')), ['alice', 'boss'])
  assert.deepEqual(idsIn(await as('boss', 'GET users?organizationId=globex')), ['alice', 'boss'])
  assert.deepEqual(idsIn(await as('boss', 'GET clients')), ['backend'])
  assert.deepEqual(idsIn(await as('boss', 'GET organizations')), ['acme'])
  assert.deepEqual(idsIn(await as('gloria', 'GET webhooks')), [])
  assert.deepEqual(idsIn(await as('service', 'GET users')), ['alice', 'boss', 'carol', 'gloria'])
  assert.deepEqual(idsIn(await as('service', 'GET users?organizationId=globex')), ['carol', 'gloria'])
  assert.deepEqual(idsIn(await as('service', 'GET clients')), ['backend', 'customer', 'service'])
  assert.deepEqual(idsIn(await as('service', 'GET webhooks?organizationId=acme')), ['hook'])
  assert.equal((await as('service', 'GET webhooks')).body['error'], 'organization_required')
  assert.equal((await as('service', 'GET users?organizationId=nowhere')).status, 404)
  for (const who of ['alice', 'backend'] as const)
    for (const line of ['GET users', 'GET users/alice', 'GET organizations', 'GET authorities'])
      assert.equal((await as(who, line)).status, 403, `${who} ${line}`)
  const { body } = await as('boss', 'GET authorities')
  assert.deepEqual(body['authorities'], [
    { authority: 'ROLE_ORGANIZATION_ADMIN', users: 1, clients: 0, role: 'administrator' },
    { authority: 'ROLE_USER', users: 1, clients: 0, role: null },
  ])
})

test('nothing that is answered has a secret, a hash, or the query of an address in it', async (t) => {
  const { as } = await open(t)
  for (const line of ['users', 'clients', 'organizations', 'webhooks?organizationId=acme']) {
    const { text } = await as('service', `GET ${line}`)
    assert.doesNotMatch(text, /planted|argon2|sha256\$|whsec_|AAAA/)
  }
  const hook = await as('boss', 'GET webhooks/hook')
  assert.deepEqual(
    [hook.body['url'], hook.body['hasQuery'], hook.body['secrets'], hook.body['wakeUps']],
    ['https://hooks.example/x', true, 1, false],
  )
  assert.equal((await as('boss', 'PATCH webhooks/hook', { wakeUps: true }, '*')).body['wakeUps'], true)
})

test('another organization is not there: not to be read, changed, removed, moved to or added to', async (t) => {
  const { as } = await open(t)
  for (const line of [
    'users/carol',
    'organizations/globex',
    'clients/customer',
    'clients/service',
    'users/nobody',
  ]) {
    for (const [method, body] of [['GET'], ['PATCH', {}], ['DELETE']] as const)
      assert.equal((await as('boss', `${method} ${line}`, body, '*')).status, 404, `${method} ${line}`)
  }
  assert.equal((await as('gloria', 'GET webhooks/hook?organizationId=acme')).status, 404)
  assert.equal((await as('boss', 'POST clients/service/rotate-secret', undefined, '*')).status, 404)
  const moved = await as('boss', 'PATCH users/alice', { organizationId: 'globex' }, '*')
  assert.equal(moved.status, 403)
  const added = await as('boss', 'POST users', { username: 'mole', organizationId: 'globex' })
  assert.equal(added.status, 403)
  assert.equal((await as('boss', 'POST organizations', { id: 'third' })).status, 403)
  assert.equal((await as('boss', 'DELETE organizations/acme', undefined, '*')).status, 403)
  const service = { id: 'mine', authorities: ['SERVICE'], grants: ['client_credentials'] }
  const risen = await as('boss', 'POST clients', service)
  assert.deepEqual(
    [risen.status, risen.body['organizationId']],
    [400, 'a SERVICE client belongs to no organization'],
  )
})

test('a user is added, signs in at once, is changed, and is refused at once when it is removed', async (t) => {
  const { as, auth, tokens } = await open(t)
  const added = await as('boss', 'POST users', { username: 'dora', authorities: ['ROLE_USER', 'AGENT'] })
  assert.equal(added.status, 201)
  assert.equal(added.headers.location, '/rtc-api/directory/users/dora')
  const password = String(added.body['newSecret'])
  assert.match(password, /^[\w-]{32}$/)
  const signIn = (secret: string) =>
    auth.token(request({ grant_type: 'password', username: 'dora', password: secret, client_id: 'customer' }))
  const { access_token: token } = await signIn(password)
  assert.equal(auth.isStillGood(token), true)
  assert.equal((await as('boss', 'GET users/dora')).body['newSecret'], undefined)
  const promoted = await as(
    'boss',
    'PATCH users/dora',
    { authorities: ['ROLE_USER', 'AGENT', 'X'] },
    added.etag,
  )
  assert.equal(promoted.status, 200)
  assert.equal(auth.isStillGood(token), true, 'an authority that is added ends nothing')
  const rotated = await as('boss', 'POST users/dora/rotate-secret', undefined, promoted.etag)
  assert.equal(auth.isStillGood(token), false, 'a new password ends what the old one was good for')
  await assert.rejects(signIn(password), { code: 'invalid_grant' })
  const { access_token: newer } = await signIn(String(rotated.body['newSecret']))
  const typed = await as('boss', 'PATCH users/dora', { password: 'typed by somebody' }, rotated.etag)
  assert.doesNotMatch(typed.text, /typed|argon2/)
  assert.equal(auth.isStillGood(newer), false)
  const { access_token: last } = await signIn('typed by somebody')
  assert.equal((await as('boss', 'DELETE users/dora', undefined, typed.etag)).status, 204)
  assert.equal(auth.isStillGood(last), false)
  assert.equal((await as('boss', 'GET users/dora')).status, 404)
  assert.equal(auth.isStillGood(tokens.alice), true)
})

test('a client changes over to a new secret: both are good until the former is taken away', async (t) => {
  const { as, auth, tokens } = await open(t)
  const before = await as('boss', 'GET clients/backend')
  const rotated = await as('boss', 'POST clients/backend/rotate-secret', undefined, before.etag)
  assert.equal(rotated.body['secrets'], 2)
  const secret = String(rotated.body['newSecret'])
  const newer = (await signInBackend(auth, 'backend', secret)).access_token
  assert.equal(auth.isStillGood(tokens.backend), true)
  await signInBackend(auth, 'backend', STORED_SECRET)
  const again = await as('boss', 'POST clients/backend/rotate-secret', undefined, before.etag)
  assert.equal(again.status, 412, 'who has not seen the rotation does not do it again')
  const former = await as('boss', 'POST clients/backend/remove-former-secret', undefined, rotated.etag)
  assert.equal(former.body['secrets'], 1)
  assert.equal(auth.isStillGood(tokens.backend), false)
  assert.equal(auth.isStillGood(newer), true)
  await assert.rejects(signInBackend(auth, 'backend', STORED_SECRET), { code: 'invalid_client' })
  const none = await as('boss', 'POST clients/backend/remove-former-secret', undefined, former.etag)
  assert.equal(none.status, 400)
})

test('a webhook is added, signs with two secrets while it changes over, and goes', async (t) => {
  const { as, auth } = await open(t)
  const heard: number[] = []
  auth.onDirectoryReloaded(() => void heard.push(auth.organizations().get('globex')?.webhooks.length ?? -1))
  const added = await as('gloria', 'POST webhooks', { id: 'h', url: 'https://h.example/?t=1', events: ['*'] })
  assert.equal(added.status, 201)
  const secret = Buffer.from(String(added.body['newSecret']).slice(6), 'base64')
  const hook = () => auth.organizations().get('globex')?.webhooks[0]
  assert.deepEqual(hook()?.secrets, [secret])
  const rotated = await as('gloria', 'POST webhooks/h/rotate-secret', undefined, added.etag)
  const newer = Buffer.from(String(rotated.body['newSecret']).slice(6), 'base64')
  assert.deepEqual(hook()?.secrets, [newer, secret])
  const paused = await as('gloria', 'PATCH webhooks/h', { enabled: false }, rotated.etag)
  assert.deepEqual([hook()?.enabled, hook()?.url], [false, 'https://h.example/?t=1'])
  await as('gloria', 'DELETE webhooks/h', undefined, paused.etag)
  assert.deepEqual(heard, [1, 1, 1, 0])
  assert.equal((await as('gloria', 'POST webhooks', { id: 'x', url: 'ftp://x', events: ['*'] })).status, 400)
})

test('role SERVICE adds an organization and removes it once nothing is left in it', async (t) => {
  const { as, auth } = await open(t)
  const added = await as('service', 'POST organizations', { id: 'third', name: '<b>Third</b>' })
  assert.equal(added.status, 201)
  assert.equal(auth.mayBeOrganization('third'), true)
  await as('service', 'POST users', { username: 'tom', organizationId: 'third' })
  const kept = await as('service', 'DELETE organizations/third', undefined, added.etag)
  assert.deepEqual([kept.status, kept.body['error']], [409, 'directory_conflict'])
  await as('service', 'DELETE users/tom', undefined, '*')
  assert.equal((await as('service', 'DELETE organizations/third', undefined, added.etag)).status, 204)
  assert.equal(auth.mayBeOrganization('third'), false)
  const rules = [{ to: 'organization', types: ['Chat*Event'] }]
  const own = await as('boss', 'PATCH organizations/acme', { send: rules, name: 'New' }, '*')
  assert.deepEqual([own.status, own.body['name'], own.body['webhooks']], [200, 'New', 1])
  assert.deepEqual(auth.organizations().get('acme')?.send, [
    { to: 'organization', authority: undefined, types: ['Chat*Event'] },
  ])
  const smuggled = await as('boss', 'PATCH organizations/acme', { webhooks: [] }, '*')
  assert.equal(smuggled.body['webhooks'], 'are entries of their own')
})

test('whoever changes what somebody else has changed meanwhile is told, and changes nothing', async (t) => {
  const { as } = await open(t)
  const { etag } = await as('boss', 'GET users/alice')
  const both = await Promise.all(
    ['one', 'two'].map((name) => as('boss', 'PATCH users/alice', { username: name }, etag)),
  )
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 412])
  const { body } = await as('boss', 'GET users/alice')
  assert.equal(body['username'], both[0]?.status === 200 ? 'one' : 'two')
  assert.equal(body['id'], 'alice', 'whoever is called by the user name stays who it is')
  for (const tag of [etag, `W/${etag}`, '"0"', 'x', '""', '"100", "200"'])
    assert.equal((await as('boss', 'DELETE users/alice', undefined, tag)).status, 412, tag)
  assert.equal((await as('boss', 'DELETE users/alice')).body['error'], 'precondition_required')
  assert.equal((await as('boss', 'PATCH users/alice', {})).status, 428)
})

test('what a file is refused for is refused here, with the same words and no value', async (t) => {
  const { as } = await open(t)
  const cases: readonly (readonly [line: string, body: unknown, member: string, problem: RegExp])[] = [
    ['POST users', { username: 'alice' }, 'id', /^is taken by an earlier entry$/],
    ['POST users', { username: 'carol', id: 'other' }, 'username', /^is taken by an earlier entry$/],
    ['POST users', { username: 'backend' }, 'id', /^is the id of a client$/],
    ['POST users', { username: 'a+b' }, 'username', /^must be an id/],
    ['POST users', { username: '<img src=x onerror=planted>', id: 'a/b' }, 'id', /^must be an id/],
    ['POST users', { username: 'x', passwordHash: 'planted' }, 'passwordHash', /^must be an argon2id hash$/],
    ['POST users', { username: 'x', password: '' }, 'password', /^must be 1 to 1024 characters$/],
    ['POST users', { username: 'x', authorities: ['SERVICE'] }, 'authorities', /^SERVICE belongs to no/],
    ['POST users', { username: 'x', authorities: Array(33).fill('A') }, 'authorities', /at most 32/],
    ['POST users', { username: 'x', enable: false }, 'enable', /^is not known; known are/],
    ['POST clients', { id: 'alice', grants: [] }, 'id', /^is the id of a user$/],
    ['POST clients', { id: 'c', grants: ['implicit'] }, 'grants[0]', /^must be one of/],
    ['POST clients', { id: 'c', public: true, grants: ['client_credentials'] }, 'grants', /^a public client/],
    ['POST webhooks', { id: 'h', url: 'x', events: ['*'] }, 'url', /^must be an http/],
    ['POST webhooks', { id: 'hook', url: 'https://x.example/', events: ['*'] }, 'id', /^is taken/],
    ['PATCH users/alice', { id: 'other' }, 'id', /^cannot be changed$/],
    ['PATCH users/alice', { username: 'boss' }, 'username', /^is taken/],
    ['PATCH users/alice', { passwordHash: null }, 'passwordHash', /^is missing$/],
  ]
  for (const [line, body, member, problem] of cases) {
    const answer = await as('boss', line, body, '*')
    assert.deepEqual([answer.status, answer.body['error']], [400, 'invalid_request'], line)
    assert.match(String(answer.body[member]), problem, JSON.stringify(body))
    assert.doesNotMatch(answer.text, /planted/)
  }
  for (const body of ['[]', 'null', '7', '"x"'])
    assert.equal((await as('boss', 'POST users', body)).status, 400, body)
  const huge = await as('boss', 'PATCH organizations/acme', { send: Array(101).fill({ to: 'none' }) }, '*')
  assert.equal(huge.status, 400)
  assert.equal((await as('boss', 'PATCH users/__proto__', {}, '*')).status, 404)
  const proto = await as('boss', 'POST users', '{"username":"__proto__","__proto__":{"enabled":false}}')
  assert.equal(proto.status, 400)
})

test('an entry says in its body what its ETag says, and a webhook whether it wakes devices', async (t) => {
  const { as } = await open(t)
  const hook = await as('boss', 'GET webhooks/hook')
  assert.deepEqual([hook.etag, hook.body['wakeUps']], [`"${hook.body['revision']}"`, false])
  const changed = await as('boss', 'PATCH webhooks/hook', { wakeUps: true }, hook.etag)
  assert.deepEqual([changed.etag, changed.body['wakeUps']], [`"${changed.body['revision']}"`, true])
  assert.notEqual(changed.etag, hook.etag)
})

test('who holds an authority is listed by it, within what one may see', async (t) => {
  const { as } = await open(t)
  assert.deepEqual(idsIn(await as('service', 'GET users?authority=ROLE_USER')), ['alice', 'carol'])
  assert.deepEqual(idsIn(await as('boss', 'GET users?authority=ROLE_USER')), ['alice'])
  assert.deepEqual(idsIn(await as('service', 'GET clients?authority=ROLE_SERVICE')), ['service'])
  assert.deepEqual(idsIn(await as('service', 'GET organizations?authority=ROLE_USER')), [])
  const first = await as('service', 'GET users?authority=ROLE_USER&limit=1')
  const cursor = String(first.body['nextCursor'])
  assert.equal((await as('service', `GET users?limit=1&cursor=${cursor}`)).status, 400)
  for (const wrong of ['a%20b', '', 'x'.repeat(65), '%3Cb%3E%C3%A4'])
    assert.equal((await as('service', `GET users?authority=${wrong}`)).status, 400, wrong)
})

test('pages go on where they ended, and a cursor that was made up or is another’s is refused', async (t) => {
  const { as } = await open(t)
  const first = await as('service', 'GET users?limit=3')
  assert.deepEqual(idsIn(first), ['alice', 'boss', 'carol'])
  const cursor = String(first.body['nextCursor'])
  assert.deepEqual(idsIn(await as('service', `GET users?limit=3&cursor=${cursor}`)), ['gloria'])
  assert.deepEqual(idsIn(await as('service', 'GET users?prefix=g')), ['gloria'])
  for (const line of [
    `clients?cursor=${cursor}`,
    `users?cursor=${cursor}&organizationId=acme`,
    'users?cursor=AAAA',
    'users?limit=0',
    'users?limit=1000000',
    'users?prefix=a%2Fb',
    'users?organizationId=a%2Fb',
  ])
    assert.equal((await as('service', `GET ${line}`)).status, 400, line)
})

test('who did what to whom is written down, and what was refused', async (t) => {
  const { as, records } = await open(t)
  await as('service', 'POST users', { username: 'tom', organizationId: 'globex' })
  await as('boss', 'PATCH users/alice', { enabled: false }, '"0"')
  await as('boss', 'POST clients/backend/rotate-secret', undefined, '*')
  await as('alice', 'DELETE users/boss', undefined, '*')
  assert.deepEqual(
    records.map((record) => [
      record.action,
      record.status,
      record.callerId,
      record.organizationId,
      record.entryKind,
      record.entryId,
    ]),
    [
      ['add_entry', 201, 'service', 'globex', 'users', 'tom'],
      ['change_entry', 412, 'boss', 'acme', 'users', 'alice'],
      ['rotate_secret', 200, 'boss', 'acme', 'clients', 'backend'],
      ['remove_entry', 403, 'alice', 'acme', undefined, undefined],
    ],
  )
})

test('a directory that is a file can be read here, and says that it is changed elsewhere', async (t) => {
  const fixture = await openStoredAuth(t, { storedDirectory: undefined })
  const { listen } = await openHttp(t, { auth: fixture.auth })
  const url = await listen()
  const { access_token: token } = await signInBackend(fixture.auth, 'platform-service', 'service-secret')
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'if-match': '*' }
  const list = await ask(url, 'GET /rtc-api/directory/users', { headers })
  assert.equal(JSON.parse(list.text).isWritable, false)
  const one = await ask(url, 'GET /rtc-api/directory/users/alice', { headers })
  assert.deepEqual([one.status, one.headers.etag], [200, undefined])
  assert.equal(Object.hasOwn(JSON.parse(one.text), 'revision'), false)
  for (const line of ['POST /rtc-api/directory/users', 'PATCH /rtc-api/directory/users/alice']) {
    const answer = await ask(url, line, { headers, body: '{"username":"x","organizationId":"acme"}' })
    assert.deepEqual([answer.status, JSON.parse(answer.text).error], [409, 'directory_conflict'], line)
  }
})
