import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseForeignIssuers } from './foreign-issuers.ts'

const issuer = {
  issuer: 'https://id.example',
  jwksUri: 'https://id.example/keys',
  algorithms: ['RS256'],
  organizations: ['acme'],
}

test('no issuers are configured by nothing, null or an empty list', () => {
  for (const value of [undefined, null, []]) assert.deepEqual(parseForeignIssuers(value), [])
})

test('an issuer is read with its defaults', () => {
  assert.deepEqual(parseForeignIssuers([issuer]), [
    {
      ...issuer,
      audiences: undefined,
      userIdPaths: [['userId'], ['sub']],
      organizationIdPath: ['organization_id'],
      authoritiesPath: ['authorities'],
      organizationId: undefined,
      organizations: new Set(['acme']),
      allowService: false,
      allowAdministrator: false,
    },
  ])
})

test('claims are named by one name, dots and all, or by a path', () => {
  const claims = { userId: 'https://x.example/id', authorities: ['realm_access', 'roles'] }
  const [parsed] = parseForeignIssuers([{ ...issuer, claims }])
  assert.deepEqual(parsed?.userIdPaths, [['https://x.example/id']])
  assert.deepEqual(parsed?.authoritiesPath, ['realm_access', 'roles'])
})

test('a fixed organization is the only one', () => {
  const [parsed] = parseForeignIssuers([{ ...issuer, organizations: undefined, organizationId: 'acme' }])
  assert.deepEqual(parsed?.organizations, new Set(['acme']))
})

test('what is wrong is named', () => {
  const wrong: [unknown, string][] = [
    [{}, 'must be an array'],
    ['[]', 'must be an array'],
    [[7], '[0]: must be an object'],
    [[{ ...issuer, extra: 1 }], '[0].extra: is not known'],
    [[{ ...issuer, issuer: undefined }], '[0].issuer: is missing'],
    [[issuer, issuer], '[1].issuer: is taken'],
    [[{ ...issuer, jwksUri: 'http://id.example/keys' }], '[0].jwksUri: must be an https URL'],
    [[{ ...issuer, jwksUri: 'https://user:secret@id.example/' }], '[0].jwksUri: must be'],
    [[{ ...issuer, jwksUri: 'http://127.0.0.1.evil.example/' }], '[0].jwksUri: must be'],
    [[{ ...issuer, jwksUri: 'file:///etc/passwd' }], '[0].jwksUri: must be'],
    [[{ ...issuer, algorithms: undefined }], '[0].algorithms: is missing'],
    [[{ ...issuer, algorithms: [] }], '[0].algorithms: must not be empty'],
    [[{ ...issuer, algorithms: ['RS256', 'HS256'] }], '[0].algorithms[1]: must be one of'],
    [[{ ...issuer, algorithms: ['none'] }], '[0].algorithms[0]: must be one of'],
    [[{ ...issuer, algorithms: ['constructor'] }], '[0].algorithms[0]: must be one of'],
    [[{ ...issuer, audience: 7 }], '[0].audience: must be an array'],
    [[{ ...issuer, audience: [] }], '[0].audience: must not be empty'],
    [[{ ...issuer, claims: { user: 'x' } }], '[0].claims.user: is not known'],
    [[{ ...issuer, claims: { userId: [] } }], '[0].claims.userId: must not be empty'],
    [[{ ...issuer, organizations: undefined }], '[0].organizations: is missing'],
    [[{ ...issuer, organizations: ['a/b'] }], '[0].organizations[0]: must be an id'],
    [[{ ...issuer, organizationId: 'globex' }], '[0].organizations: must include'],
    [
      [{ ...issuer, organizationId: 'acme', claims: { organizationId: 'o' } }],
      '[0].organizationId: give either',
    ],
    [[{ ...issuer, allowService: true }], '[0].allowService: SERVICE reaches'],
    [[{ ...issuer, allowService: 'yes' }], '[0].allowService: must be true or false'],
  ]
  for (const [value, message] of wrong)
    assert.throws(
      () => parseForeignIssuers(value),
      (error: Error) => error.message.startsWith(`foreignIssuers: ${message}`),
      message,
    )
})

test('plain http is for loopback', () => {
  for (const host of ['127.0.0.1:9', 'localhost:9', '[::1]:9'])
    assert.equal(parseForeignIssuers([{ ...issuer, jwksUri: `http://${host}/keys` }]).length, 1)
})
