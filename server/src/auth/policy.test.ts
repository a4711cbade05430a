import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isBackend,
  organizationForSending,
  organizationOfStatistics,
  ownUser,
  type Principal,
  readableHistory,
  userInSight,
  userToRevoke,
} from './auth.ts'

const alice: Principal = {
  organizationId: 'acme',
  userId: 'alice',
  clientId: 'customer',
  isClient: false,
  authorities: ['ROLE_USER'],
  isService: false,
  expiresAtWallMs: 0,
}
const service: Principal = {
  ...alice,
  organizationId: null,
  userId: 'p',
  clientId: 'p',
  isClient: true,
  isService: true,
}

test('a normal caller sends into its own organization, whatever the body says', () => {
  for (const given of [undefined, null, '', 'globex', '__proto__', 7, {}])
    assert.equal(organizationForSending(alice, given), 'acme')
})

test('SERVICE must name an organization, by a proper id', () => {
  assert.equal(organizationForSending(service, 'globex'), 'globex')
  for (const absent of [undefined, null, ''])
    assert.throws(() => organizationForSending(service, absent), { code: 'organization_required' })
  for (const wrong of ['a/b', '#', 7, {}, 'a'.repeat(129)])
    assert.throws(() => organizationForSending(service, wrong), { code: 'invalid_request' })
})

test('SERVICE has no endpoints of its own', () => {
  assert.deepEqual(ownUser(alice), { organizationId: 'acme', userId: 'alice' })
  assert.throws(() => ownUser(service), { code: 'no_organization' })
})

test('a backend is a client that speaks for itself inside one organization', () => {
  assert.equal(
    isBackend({ ...alice, userId: 'acme-backend', clientId: 'acme-backend', isClient: true }),
    true,
  )
  assert.equal(isBackend({ ...alice, userId: 'same', clientId: 'same' }), false, 'names tell nothing')
  assert.equal(isBackend(alice), false)
  assert.equal(isBackend(service), false)
})

const backend: Principal = {
  ...alice,
  userId: 'acme-backend',
  clientId: 'acme-backend',
  isClient: true,
  authorities: [],
}

test('a user sees itself, a backend and an administrator their organization, SERVICE the one it names', () => {
  const own = { organizationId: 'acme', userId: 'alice' }
  assert.deepEqual(userInSight(alice, 'alice', 'globex'), own)
  for (const other of ['bob', 'nobody', '', '__proto__'])
    assert.throws(() => userInSight(alice, other, undefined), { code: 'forbidden' })
  const admin = { ...alice, authorities: ['ORGANIZATION_ADMIN'] }
  for (const caller of [backend, admin])
    assert.deepEqual(userInSight(caller, 'bob', 'globex'), { organizationId: 'acme', userId: 'bob' })
  assert.deepEqual(userInSight(service, 'bob', 'globex'), { organizationId: 'globex', userId: 'bob' })
  assert.throws(() => userInSight(service, 'bob', undefined), { code: 'organization_required' })
})

test('a user reads its own history, a backend and an administrator their organization’s, SERVICE any', () => {
  for (const wanted of [undefined, 'globex'])
    assert.deepEqual(readableHistory(alice, wanted), { organizationId: 'acme', involvedUserId: 'alice' })
  for (const authority of ['ORGANIZATION_ADMIN', 'ROLE_ORGANIZATION_ADMIN']) {
    const admin = { ...alice, authorities: ['ROLE_USER', authority] }
    for (const caller of [backend, admin, { ...backend, authorities: [authority] }])
      assert.deepEqual(readableHistory(caller, 'globex'), { organizationId: 'acme' })
  }
  for (const authority of ['organization_admin', 'ROLE_ADMIN', 'ORGANIZATION_ADMIN ', 'ADMIN'])
    assert.equal(readableHistory({ ...alice, authorities: [authority] }, undefined).involvedUserId, 'alice')
  assert.deepEqual(readableHistory(service, undefined), {})
  assert.deepEqual(readableHistory(service, 'globex'), { organizationId: 'globex' })
})

test('only an administrator of the organization, or SERVICE, revokes', () => {
  for (const caller of [alice, backend])
    for (const user of ['alice', 'bob', 'acme-backend'])
      assert.throws(() => userToRevoke(caller, user, 'acme'), { code: 'forbidden' })
  for (const authority of ['ORGANIZATION_ADMIN', 'ROLE_ORGANIZATION_ADMIN'])
    for (const caller of [alice, backend])
      assert.deepEqual(userToRevoke({ ...caller, authorities: ['X', authority] }, 'bob', 'globex'), {
        organizationId: 'acme',
        userId: 'bob',
      })
  for (const authority of ['organization_admin', 'ROLE_ADMIN', 'ORGANIZATION_ADMIN ', 'ROLE_USER'])
    assert.throws(() => userToRevoke({ ...alice, authorities: [authority] }, 'bob', 'acme'))
  assert.deepEqual(userToRevoke(service, 'bob', 'globex'), { organizationId: 'globex', userId: 'bob' })
  assert.throws(() => userToRevoke(service, 'bob', ''), { code: 'organization_required' })
})

test('a backend and an administrator read their own statistics, SERVICE any or the total, nobody else any', () => {
  const admin = { ...alice, authorities: ['ROLE_ORGANIZATION_ADMIN'] }
  for (const caller of [backend, admin])
    for (const wanted of [undefined, 'acme', 'globex'])
      assert.equal(organizationOfStatistics(caller, wanted), 'acme')
  assert.equal(organizationOfStatistics(service, 'globex'), 'globex')
  assert.equal(organizationOfStatistics(service, undefined), null)
  for (const wanted of [undefined, 'acme', 'globex'])
    assert.throws(() => organizationOfStatistics(alice, wanted), { code: 'forbidden' })
})
