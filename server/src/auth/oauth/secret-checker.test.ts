import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashRandomSecret, hashSecret } from '../auth.ts'
import { isPasswordHash, isSecretHash } from '../directory/hash-secret.ts'
import { createSecretChecker } from './secret-checker.ts'

test('a hash that the command makes is one that the directory takes, and is of its secret only', async () => {
  const secrets = createSecretChecker()
  const secret = 'pässword with ünicode'
  for (const hashed of [await hashSecret(secret), hashRandomSecret(secret + secret)]) {
    assert.equal(isSecretHash(hashed), true)
    assert.equal(
      await secrets.matches(hashed.startsWith('sha256') ? secret + secret : secret, hashed, 'here'),
      true,
    )
    for (const wrong of ['', `${secret}!`, secret.toUpperCase(), hashed])
      assert.equal(await secrets.matches(wrong, hashed, 'here'), false)
  }
  assert.equal(isPasswordHash(hashRandomSecret(secret + secret)), false)
  assert.notEqual(await hashSecret(secret), await hashSecret(secret))
})

test('secrets that are empty, too long, or too short to be random are not hashed', async () => {
  await assert.rejects(hashSecret(''), RangeError)
  await assert.rejects(hashSecret('a'.repeat(1025)), RangeError)
  assert.throws(() => hashRandomSecret('short'), RangeError)
})

test('past the queue sign-ins are turned away at once, and those that wait are served', async () => {
  const secrets = createSecretChecker({ runningMax: 1, waitingMax: 4 })
  const hashed = await hashSecret('right')
  const admitted = ['right', 'wrong', 'right'].map((secret) => secrets.matches(secret, hashed, 'here'))
  await assert.rejects(secrets.matches('right', hashed, 'here'), {
    code: 'temporarily_unavailable',
    status: 503,
    retryAfterSeconds: 5,
  })
  assert.deepEqual(await Promise.all(admitted), [true, false, true])
  assert.equal(await secrets.matches('right', hashed, 'here'), true)
})

test('a place is handed on, not opened twice', async () => {
  const secrets = createSecretChecker({ runningMax: 1, waitingMax: 2 })
  const hashed = await hashSecret('right')
  const [first, second] = [secrets.matches('right', hashed, 'here'), secrets.matches('right', hashed, 'here')]
  await first
  const third = secrets.matches('right', hashed, 'here')
  await assert.rejects(secrets.matches('right', hashed, 'here'), { code: 'temporarily_unavailable' })
  assert.deepEqual(await Promise.all([second, third]), [true, true])
})

test('a hash that cannot be checked frees its place', async () => {
  const secrets = createSecretChecker({ runningMax: 1, waitingMax: 0 })
  await assert.rejects(secrets.matches('x', '$argon2id$nonsense', 'here'))
  assert.equal(await secrets.matches('right', await hashSecret('right'), 'here'), true)
})

test('whoever fills the queue from one place keeps nobody else waiting behind all of it', async () => {
  const secrets = createSecretChecker({ runningMax: 1, waitingMax: 8 })
  const hashed = await hashSecret('right')
  const done: string[] = []
  const ask = async (place: string) => {
    await secrets.matches('wrong', hashed, place)
    done.push(place)
  }
  const attacker = Array.from({ length: 20 }, () => ask('attacker'))
  const refused = Promise.allSettled(attacker).then((all) =>
    all.filter(({ status }) => status === 'rejected'),
  )
  const others = ['one', 'another'].map(ask)
  await Promise.all(others)
  assert.equal((await refused).length, 15, 'one runs, and half of the queue is its own')
  assert.ok(done.indexOf('one') <= 2 && done.indexOf('another') <= 3, done.join(' '))
  assert.equal(done.filter((place) => place === 'attacker').length, 5)
})
