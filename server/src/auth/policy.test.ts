import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBackend, organizationForSending, ownUser, type Principal } from './auth.ts'

const alice: Principal = {
  organizationId: 'acme',
  userId: 'alice',
  clientId: 'customer',
  authorities: ['ROLE_USER'],
  isService: false,
  expiresAtWallMs: 0,
}
const service: Principal = { ...alice, organizationId: null, userId: 'p', clientId: 'p', isService: true }

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
  assert.equal(isBackend({ ...alice, userId: 'acme-backend', clientId: 'acme-backend' }), true)
  assert.equal(isBackend(alice), false)
  assert.equal(isBackend(service), false)
})
