import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashRandomSecret, hashSecret } from './auth.ts'
import { isPasswordHash, isSecretHash } from './hash-secret.ts'
import { createSecretChecker } from './secret-checker.ts'

test('a hash that the command makes is one that the directory takes, and is of its secret only', async () => {
  const secrets = createSecretChecker()
  const secret = 'pässword with ünicode'
  for (const hashed of [await hashSecret(secret), hashRandomSecret(secret + secret)]) {
    assert.equal(isSecretHash(hashed), true)
    assert.equal(await secrets.matches(hashed.startsWith('sha256') ? secret + secret : secret, hashed), true)
    for (const wrong of ['', `${secret}!`, secret.toUpperCase(), hashed])
      assert.equal(await secrets.matches(wrong, hashed), false)
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
  const secrets = createSecretChecker({ runningMax: 1, waitingMax: 2 })
  const hashed = await hashSecret('right')
  const admitted = ['right', 'wrong', 'right'].map((secret) => secrets.matches(secret, hashed))
  await assert.rejects(secrets.matches('right', hashed), {
    code: 'temporarily_unavailable',
    status: 503,
    retryAfterSeconds: 5,
  })
  assert.deepEqual(await Promise.all(admitted), [true, false, true])
  assert.equal(await secrets.matches('right', hashed), true)
})

test('a place is handed on, not opened twice', async () => {
  const secrets = createSecretChecker({ runningMax: 1, waitingMax: 1 })
  const hashed = await hashSecret('right')
  const [first, second] = [secrets.matches('right', hashed), secrets.matches('right', hashed)]
  await first
  const third = secrets.matches('right', hashed)
  await assert.rejects(secrets.matches('right', hashed), { code: 'temporarily_unavailable' })
  assert.deepEqual(await Promise.all([second, third]), [true, true])
})

test('a hash that cannot be checked frees its place', async () => {
  const secrets = createSecretChecker({ runningMax: 1, waitingMax: 0 })
  await assert.rejects(secrets.matches('x', '$argon2id$nonsense'))
  assert.equal(await secrets.matches('right', await hashSecret('right')), true)
})
