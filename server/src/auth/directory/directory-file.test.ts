import assert from 'node:assert/strict'
import { test } from 'node:test'
import { demoDirectory } from './demo-directory.ts'
import { parseDirectory } from './directory-file.ts'

const HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$13DsYDVOu2rDtLY6ijHV0w$y7j56EjuAEbXQo61BMdNEVBvtztflvZAeTU0KnrhHxA'
const SHA = 'sha256$MHxgn4faQ8PVY0KKT379-YV_SHH9EEZXMsSrEamFoIw'
const user = { username: 'alice', passwordHash: HASH, organizationId: 'acme' }
const client = { id: 'backend', secretHash: SHA, organizationId: 'acme', grants: ['client_credentials'] }

const hook = { id: 'h', url: 'https://hooks.example/x', secret: `whsec_${'A'.repeat(32)}`, events: ['*'] }
const withHooks = (...webhooks: readonly object[]) => ({ organizations: [{ id: 'acme', webhooks }] })
const WRONG_WEBHOOKS: [object, string][] = [
  [withHooks({ ...hook, id: 'a/b' }), 'organizations[0].webhooks[0].id: must be an id'],
  [withHooks(hook, hook), 'organizations[0].webhooks[1].id: is taken'],
  [withHooks(...Array(21).fill(hook)), 'organizations[0].webhooks: must hold at most 20'],
  [
    withHooks({ ...hook, events: ['CallOfferedEvent'] }),
    'organizations[0].webhooks[0].events[0]: must be "*"',
  ],
  [withHooks({ ...hook, events: ['__proto__'] }), 'organizations[0].webhooks[0].events[0]: must be "*"'],
  [withHooks({ ...hook, events: '*' }), 'organizations[0].webhooks[0].events: must be an array'],
  ...['ftp://x.example', 'x', 'https://planted:planted@x.example', 'https://x.example/#planted'].map(
    (url): [object, string] => [
      withHooks({ ...hook, url }),
      'organizations[0].webhooks[0].url: must be an http',
    ],
  ),
  ...[
    'planted',
    'whsec_',
    `whsec_${'A'.repeat(31)}`,
    `whsec_${'A'.repeat(88)}`,
    `whsec_!${'A'.repeat(31)}`,
  ].map((secret): [object, string] => [
    withHooks({ ...hook, secret }),
    'organizations[0].webhooks[0].secret: must be "whsec_"',
  ]),
]

const parse = (parts: object) => parseDirectory(JSON.stringify({ organizations: [{ id: 'acme' }], ...parts }))

test('a directory is read with its defaults', () => {
  const { organizations, users, usersByName, clients } = parse({
    users: [user, { ...user, id: 'u2', username: 'bob@example.com', authorities: ['A'], enabled: false }],
    clients: [client, { id: 'app', public: true, grants: ['password'] }],
  })
  assert.deepEqual(organizations.get('acme'), {
    id: 'acme',
    name: 'acme',
    webhooks: [],
    send: [],
    senderId: false,
  })
  assert.deepEqual(users.get('alice'), { ...user, id: 'alice', authorities: ['ROLE_USER'], enabled: true })
  assert.equal(usersByName.get('bob@example.com')?.id, 'u2')
  assert.equal(users.get('u2')?.enabled, false)
  assert.deepEqual(clients.get('app'), {
    id: 'app',
    secretHashes: [],
    organizationId: null,
    authorities: [],
    grants: new Set(['password']),
    enabled: true,
  })
})

test('webhooks are read with their defaults', () => {
  const events = ['UserEndpointExpiredEvent', 'UserEventExpiredEvent']
  const { organizations } = parse(withHooks(hook, { ...hook, id: 'two', events, enabled: false }))
  const [all, two] = organizations.get('acme')?.webhooks ?? []
  assert.equal(all?.events.size, 10)
  assert.equal(all?.enabled, true)
  assert.deepEqual(all?.secrets, [Buffer.alloc(24)])
  assert.deepEqual([two?.enabled, [...(two?.events ?? [])]], [false, events])
})

test('clients and webhooks have one secret or two, newest first', () => {
  const other = SHA.replace('sha256$M', 'sha256$N')
  const { secretHash: _, ...rest } = client
  const { clients } = parse({ clients: [client, { ...rest, id: 'two', secrets: [other, SHA] }] })
  assert.deepEqual(
    [...clients.values()].map(({ secretHashes }) => secretHashes),
    [[SHA], [other, SHA]],
  )
  const { secret, ...bare } = hook
  const newer = `whsec_${'B'.repeat(32)}`
  const { organizations } = parse(withHooks({ ...bare, secrets: [newer, secret] }))
  const [{ secrets } = { secrets: [] }] = organizations.get('acme')?.webhooks ?? []
  assert.deepEqual(secrets, [Buffer.from('B'.repeat(32), 'base64'), Buffer.alloc(24)])
})

test('names of properties of every object are names like any other', () => {
  const { users, clients } = parse({
    users: [{ ...user, username: '__proto__' }],
    clients: [{ ...client, id: 'constructor' }],
  })
  assert.equal(users.get('__proto__')?.username, '__proto__')
  assert.equal(clients.get('constructor')?.id, 'constructor')
  assert.equal(users.get('toString'), undefined)
})

test('a wrong entry refuses the whole, and the message names its place and no value', () => {
  const wrong: [object, string][] = [
    [{ organizations: undefined }, 'organizations: is missing'],
    [{ organizations: {} }, 'organizations: must be an array'],
    [{ organizations: [{ id: 'a/b' }] }, 'organizations[0].id: must be an id'],
    [{ organizations: [{ id: 'acme' }, { id: 'acme' }] }, 'organizations[1].id: is taken'],
    [{ groups: [] }, 'groups: is not known'],
    ...WRONG_WEBHOOKS,
    [{ users: [user, 7] }, 'users[1]: must be an object'],
    [{ users: [{ ...user, password: 'planted' }] }, 'users[0].password: is not known'],
    [{ users: [{ ...user, passwordHash: 'planted' }] }, 'users[0].passwordHash: must be an argon2id hash'],
    [{ users: [{ ...user, passwordHash: SHA }] }, 'users[0].passwordHash: must be an argon2id hash'],
    [{ users: [{ ...user, passwordHash: HASH.replace('m=19456', 'm=999999') }] }, 'users[0].passwordHash: '],
    [{ users: [{ ...user, passwordHash: HASH.replace('argon2id', 'argon2i') }] }, 'users[0].passwordHash: '],
    [{ users: [{ ...user, organizationId: 'globex' }] }, 'users[0].organizationId: is not the id'],
    [{ users: [{ ...user, organizationId: undefined }] }, 'users[0].organizationId: is missing'],
    [{ users: [{ ...user, username: 'a+b@example.com' }] }, 'users[0].username: must be an id'],
    [{ users: [{ ...user, username: '' }] }, 'users[0].username: must be 1 to 256'],
    [{ users: [user, { ...user, id: 'other' }] }, 'users[1].username: is taken'],
    [{ users: [user, { ...user, username: 'other', id: 'alice' }] }, 'users[1].id: is taken'],
    [{ users: [{ ...user, authorities: ['ROLE_SERVICE'] }] }, 'users[0].authorities: SERVICE'],
    [{ users: [{ ...user, authorities: ['two words'] }] }, 'users[0].authorities[0]: must be'],
    [{ users: [{ ...user, enabled: 'no' }] }, 'users[0].enabled: must be true or false'],
    [{ users: [user], clients: [{ ...client, id: 'alice' }] }, 'clients[0].id: is the id of a user'],
    [{ clients: [client, client] }, 'clients[1].id: is taken'],
    [{ clients: [{ ...client, organizationId: undefined }] }, 'clients[0].organizationId: is missing'],
    [{ clients: [{ ...client, authorities: ['SERVICE'] }] }, 'clients[0].organizationId: a SERVICE client'],
    [{ clients: [{ ...client, organizationId: 'globex' }] }, 'clients[0].organizationId: is not the id'],
    [{ clients: [{ ...client, secretHash: undefined }] }, 'clients[0].secretHash: give either'],
    [{ clients: [{ ...client, public: true }] }, 'clients[0].secretHash: give either'],
    [{ clients: [{ ...client, public: true, secretHash: undefined }] }, 'clients[0].grants: a public client'],
    [{ clients: [{ ...client, secrets: [SHA] }] }, 'clients[0].secrets: give either this or "secretHash"'],
    ...[
      [[], ': must hold at least one'],
      [[SHA, SHA], '[1]: is the same as the one before'],
      [[SHA, 'planted'], '[1]: must be an argon2id or'],
      [[SHA, HASH, SHA], ': must hold at most 2'],
      ['planted', ': must be an array'],
    ].map(([secrets, problem]): [object, string] => [
      { clients: [{ ...client, secretHash: undefined, secrets }] },
      `clients[0].secrets${problem}`,
    ]),
    [
      withHooks({ ...hook, secrets: [] }),
      'organizations[0].webhooks[0].secrets: give either this or "secret"',
    ],
    [withHooks({ ...hook, secret: undefined }), 'organizations[0].webhooks[0].secret: is missing'],
    [{ clients: [{ ...client, grants: ['implicit'] }] }, 'clients[0].grants[0]: must be one of'],
    [{ clients: [{ ...client, grants: undefined }] }, 'clients[0].grants: is missing'],
  ]
  for (const [parts, message] of wrong)
    assert.throws(
      () => parse(parts),
      (error: Error) => error.message.startsWith(message) && !/planted/.test(error.message),
      message,
    )
})

test('a file that is not JSON is refused with line and column, not the text', () => {
  const line = `"users": [{"passwordHash": "${HASH}" "x": 1}]`
  const column = line.indexOf('"x"') + 1
  for (const [text, place] of [
    [`{\n"organizations": [],\n${line}\n}`, `Line 3, column ${column}: expected a comma or }`],
    ['{\n  "users": [],\n}', 'Line 3, column 1: expected a name in double quotes'],
    ["{ 'users': [] }", 'Line 1, column 3: expected a name in double quotes'],
    ['{ "users": [', 'Line 1, column 13: expected a value'],
    ['', 'Line 1, column 1: expected a value'],
  ])
    assert.throws(() => parseDirectory(text ?? ''), { message: `is not valid JSON. ${place}` })
  for (const other of ['', 'null', '[]'])
    assert.throws(() => parseDirectory(other), /^FormError: (is not|must be)/)
})

test('the demo directory is the documented one', () => {
  const { organizations, users, clients } = demoDirectory()
  assert.deepEqual([...organizations.keys()], ['acme', 'globex'])
  const holders = [...users.values()].map(({ id, username, organizationId, authorities }) => [
    id,
    username,
    organizationId,
    ...authorities,
  ])
  assert.deepEqual(holders, [
    ['alice', 'alice', 'acme', 'ROLE_USER'],
    ['bob', 'bob', 'acme', 'ROLE_USER'],
    ['carol', 'carol', 'globex', 'ROLE_USER'],
    ['olivia', 'olivia', 'acme', 'ROLE_USER', 'ROLE_ORGANIZATION_ADMIN'],
  ])
  assert.deepEqual([...clients.keys()], ['acme-backend', 'globex-backend', 'platform-service', 'customer'])
  assert.deepEqual(clients.get('platform-service')?.authorities, ['ROLE_SERVICE'])
  assert.deepEqual([...(clients.get('customer')?.grants ?? [])], ['password', 'refresh_token'])
})
