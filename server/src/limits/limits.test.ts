import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { LIMITS_OFF } from '../../../test/helpers/no-limits.ts'
import { createLimits, type LimitSettings } from './limits.ts'
import { networkOf, networksOf } from './network.ts'

const alice = { organizationId: 'acme', userId: 'alice' }
const bob = { organizationId: 'acme', userId: 'bob' }
const service = { organizationId: null, userId: 'alice' }
const REFUSED = { code: 'rate_limited' }

function open(settings: Partial<LimitSettings>) {
  const clock = createFakeClock()
  return { clock, limits: createLimits({ settings: { ...LIMITS_OFF, ...settings }, clock }) }
}

test('a caller at its limit holds up nobody else of its organization', () => {
  const { limits } = open({ eventsPerSecondPerCaller: 1, eventsBurstPerCaller: 2 })
  limits.sendEvents(alice, 'acme', 2)
  assert.throws(() => limits.sendEvents(alice, 'acme', 1), REFUSED)
  limits.sendEvents(bob, 'acme', 2)
  limits.sendEvents(service, 'acme', 2)
  limits.register(alice)
})

test('an organization at its limit holds up all who send into it, and no other organization', () => {
  const { limits } = open({ eventsPerSecondPerOrganization: 1, eventsBurstPerOrganization: 3 })
  limits.sendEvents(alice, 'acme', 2)
  limits.sendEvents(bob, 'acme', 1)
  for (const caller of [alice, bob, service])
    assert.throws(() => limits.sendEvents(caller, 'acme', 1), REFUSED)
  limits.sendEvents(service, 'globex', 1)
})

test('what one bucket refuses, the other does not pay for', async () => {
  const { limits, clock } = open({
    eventsPerSecondPerOrganization: 1,
    eventsBurstPerOrganization: 10,
    eventsPerSecondPerCaller: 1,
    eventsBurstPerCaller: 5,
  })
  limits.sendEvents(alice, 'acme', 5)
  for (let again = 0; again < 10; again++) assert.throws(() => limits.sendEvents(alice, 'acme', 1), REFUSED)
  limits.sendEvents(bob, 'acme', 5)
  await clock.advance(5_000)
  for (let again = 0; again < 10; again++) assert.throws(() => limits.sendEvents(bob, 'acme', 6), REFUSED)
  limits.sendEvents(bob, 'acme', 5)
})

test('registrations are counted apart from events', () => {
  const { limits } = open({ registersPerSecondPerCaller: 1, registersBurstPerCaller: 1 })
  limits.register(alice)
  assert.throws(() => limits.register(alice), REFUSED)
  limits.register(bob)
  limits.sendEvents(alice, 'acme', 1000)
})

test('an address is in a /64, a /56 and a /48 of IPv6, one of IPv4 in itself alone', () => {
  assert.deepEqual(networksOf('2001:db8:1:23ff::1'), [
    '2001:db8:1:23ff::/64',
    '2001:db8:1:2300::/56',
    '2001:db8:1::/48',
  ])
  assert.deepEqual(networksOf('2001:db8::1').slice(1), ['2001:db8:0:0::/56', '2001:db8:0::/48'])
  assert.deepEqual(networksOf('::ffff:192.0.2.1'), ['192.0.2.1'])
})

test('an IPv6 address counts as its /64, a mapped one as the IPv4 address it is', () => {
  const same = ['2001:db8::1', '2001:DB8:0:0:ffff::', '2001:0db8:0000:0000:1:2:3:4', '2001:db8::192.0.2.1']
  assert.deepEqual([...new Set(same.map(networkOf))], ['2001:db8:0:0::/64'])
  assert.notEqual(networkOf('2001:db8:0:1::1'), networkOf('2001:db8::1'))
  assert.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(networkOf('::1'), '0:0:0:0::/64')
  assert.equal(networkOf('fe80::1%eth0'), networkOf('fe80::2'))
  assert.equal(networkOf('192.0.2.1'), '192.0.2.1')
})
