import assert from 'node:assert/strict'
import { test } from 'node:test'
import { identityProblem } from '../check-identity.ts'
import { parseOidc } from './oidc-settings.ts'

const GOOD = {
  issuer: 'https://login.example.com/realms/staff',
  clientId: 'rollcall',
  organizations: ['acme'],
  roles: { staff: 'ORGANIZATION_ADMIN' },
}

test('what is not said is as usual', () => {
  const settings = parseOidc(GOOD, undefined)
  assert.ok(settings !== undefined)
  const { name, scope, algorithm, userIdPath, rolesPath, organizationIdPath, clientSecret } = settings
  assert.deepEqual(
    { name, scope, algorithm, userIdPath, rolesPath, organizationIdPath, clientSecret },
    {
      name: 'login.example.com',
      scope: 'openid',
      algorithm: 'RS256',
      userIdPath: ['sub'],
      rolesPath: ['roles'],
      organizationIdPath: ['organization_id'],
      clientSecret: undefined,
    },
  )
  assert.deepEqual([...settings.roles], [['staff', ['ORGANIZATION_ADMIN']]])
  assert.equal(parseOidc(undefined, undefined), undefined)
})

test('what somebody may do changes the fingerprint, its order and the button do not', () => {
  const of = (changes: object) => parseOidc({ ...GOOD, ...changes }, undefined)?.fingerprint
  const usual = of({})
  assert.equal(of({ name: 'Staff' }), usual)
  assert.equal(of({ organizations: ['a', 'b'] }), of({ organizations: ['b', 'a'] }))
  assert.equal(of({ roles: { a: 'X', b: 'Y' } }), of({ roles: { b: 'Y', a: 'X' } }))
  for (const changes of [
    { roles: { staff: 'ROLE_USER' } },
    { organizations: ['globex'] },
    { clientId: 'x' },
    { claims: { userId: 'email' } },
    { algorithm: 'ES256' },
  ])
    assert.notEqual(of(changes), usual, JSON.stringify(changes))
})

test('check-config finds a mistake, and nothing in what is right', async () => {
  const rest = { directoryFile: undefined, foreignIssuers: undefined, openIdConnectClientSecret: 'x' }
  assert.equal(await identityProblem({ ...rest, openIdConnect: GOOD }), undefined)
  const problem = await identityProblem({ ...rest, openIdConnect: { ...GOOD, issuer: 'x' } })
  assert.match(problem ?? '', /^openIdConnect: issuer: must be/)
})

test('a mistake is named by its place, and no value is repeated', () => {
  for (const [changes, problem] of [
    [{ issuer: undefined }, /^openIdConnect: issuer: is missing/],
    [{ issuer: 'http://planted.example' }, /^openIdConnect: issuer: must be an https URL/],
    [{ issuer: 'https://x.example/?planted' }, /issuer: must be/],
    [{ issuer: `https://x.example/${'planted'.repeat(50)}` }, /issuer: must be/],
    [{ clientId: '' }, /clientId: must be/],
    [{ clientSecret: 'planted' }, /clientSecret: is not known/],
    [{ scope: 'profile' }, /scope: must be words/],
    [{ scope: 'openid\nplanted' }, /scope: must be words/],
    [{ algorithm: 'HS256' }, /algorithm: must be one of RS256/],
    [{ algorithm: 'none' }, /algorithm: must be one of/],
    [{ organizations: undefined }, /organizations: is missing/],
    [{ organizationId: 'globex' }, /organizations: must include organizationId/],
    [{ organizationId: 'acme', claims: { organizationId: 'org' } }, /organizationId: give either/],
    [{ roles: undefined }, /roles: is missing/],
    [{ roles: {} }, /roles: must have 1 to 100/],
    [{ roles: ['planted'] }, /roles: must be an object/],
    [{ roles: { planted: 'a b' } }, /roles, member 1\[0\]: must be 1 to 64/],
    [{ roles: { planted: { x: 1 } } }, /roles, member 1: must be an array/],
    [{ roles: { planted: 'SERVICE' } }, /roles: SERVICE reaches every organization/],
    [{ claims: { user: 'x' } }, /claims\.user: is not known/],
  ] as const)
    assert.throws(
      () => parseOidc({ ...GOOD, ...changes }, undefined),
      ({ message }: Error) => problem.test(message) && !message.includes('planted'),
      JSON.stringify(changes),
    )
  for (const value of [[], 'planted', 7])
    assert.throws(() => parseOidc(value, undefined), /^Error: openIdConnect: must be an object$/)
  assert.throws(() => parseOidc(undefined, 'planted'), /^Error: openIdConnectClientSecret: is of no use/)
})
