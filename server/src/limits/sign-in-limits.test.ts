import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { LIMITS_OFF } from '../../../test/helpers/no-limits.ts'
import { createLimits, type LimitSettings, type SignInOutcome, type Stake } from './limits.ts'

const REFUSED = { code: 'rate_limited' }
const HERE = '192.0.2.1'

function open(settings: Partial<LimitSettings>) {
  const clock = createFakeClock()
  return { clock, signIn: createLimits({ settings: { ...LIMITS_OFF, ...settings }, clock }).signIn }
}

/** What of `count` attempts at one time is let in. */
function atOnce(count: number, charge: () => Stake): readonly Stake[] {
  return Array.from({ length: count }, () => {
    try {
      return [charge()]
    } catch {
      return []
    }
  }).flat()
}

function oneByOne(count: number, charge: () => Stake, outcome: SignInOutcome): number {
  return Array.from({ length: count }, () => atOnce(1, charge).map((stake) => stake.charge(outcome))).flat()
    .length
}

test('a hundred wrong passwords at once are ten guesses, as one after another', async () => {
  const settings = { tokensPerSecondPerUser: 1, tokensBurstPerUser: 100 }
  const { clock, signIn } = open(settings)
  const guesses = atOnce(100, () => signIn.tried('alice'))
  assert.equal(guesses.length, 10)
  for (const guess of guesses) guess.charge('wrong')
  assert.throws(() => signIn.tried('alice'), REFUSED)
  assert.equal(signIn.isHeldOff('alice'), true)
  assert.equal(signIn.isHeldOff('bob'), false)
  await clock.advance(10_000)
  assert.equal(atOnce(100, () => signIn.tried('alice')).length, 1)
  const other = open(settings)
  assert.equal(
    oneByOne(100, () => other.signIn.tried('alice'), 'wrong'),
    10,
  )
})

test('what succeeds costs one, and so does what was not looked at', () => {
  const { signIn } = open({ tokensPerSecondPerUser: 1, tokensBurstPerUser: 100 })
  assert.equal(
    oneByOne(50, () => signIn.tried('alice'), 'succeeded'),
    50,
  )
  assert.equal(
    oneByOne(100, () => signIn.tried('alice'), 'refused'),
    50,
  )
})

test('a failed attempt costs ten, for the name and for the address', async () => {
  const { signIn, clock } = open({
    tokensPerSecondPerUser: 1,
    tokensBurstPerUser: 20,
    tokensPerSecondPerAddress: 1,
    tokensBurstPerAddress: 40,
  })
  for (let failure = 0; failure < 4; failure++) signIn.arrived(HERE).charge('wrong')
  assert.throws(() => signIn.arrived(HERE), REFUSED)
  signIn.arrived('198.51.100.1').charge('wrong')
  await clock.advance(1000)
  signIn.arrived(HERE)
})

test('a client pays once for what it asks, and a public one only for what it gets', () => {
  const { signIn } = open({ tokensPerSecondPerClient: 1, tokensBurstPerClient: 2 })
  const shared = { id: 'customer', isPublic: true }
  assert.equal(
    oneByOne(100, () => signIn.identified(shared), 'wrong'),
    100,
  )
  assert.equal(
    oneByOne(100, () => signIn.identified(shared), 'refused'),
    100,
  )
  assert.equal(
    oneByOne(100, () => signIn.identified(shared), 'succeeded'),
    2,
  )
  const backend = { id: 'acme-backend', isPublic: false }
  assert.equal(
    oneByOne(100, () => signIn.identified(backend), 'wrong'),
    2,
  )
})

test('whoever has a /56 or a /48 of IPv6 has four and sixteen times what one address has', () => {
  const settings = { tokensPerSecondPerAddress: 1, tokensBurstPerAddress: 100 }
  const from = (address: (index: number) => string): number => {
    const { signIn } = open(settings)
    let index = 0
    return oneByOne(1000, () => signIn.arrived(address(index++)), 'wrong')
  }
  assert.equal(
    from((index) => `2001:db8:1:1::${index.toString(16)}`),
    10,
  )
  assert.equal(
    from((index) => `2001:db8:1:1${(index % 256).toString(16).padStart(2, '0')}::1`),
    40,
  )
  assert.equal(
    from((index) => `2001:db8:1:${index.toString(16)}::1`),
    160,
  )
  assert.equal(
    from((index) => `2001:db8:${index.toString(16)}::1`),
    1000,
  )
})

test('places are told apart by what somebody can have at the widest', () => {
  const { signIn } = open({})
  assert.equal(signIn.arrived('2001:db8:1:1::1').place, signIn.arrived('2001:db8:1:ffff::2').place)
  assert.notEqual(signIn.arrived('2001:db8:2::1').place, signIn.arrived('2001:db8:1::1').place)
  assert.equal(signIn.arrived('::ffff:192.0.2.1').place, HERE)
})
