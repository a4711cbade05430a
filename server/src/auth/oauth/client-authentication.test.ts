import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDirectory } from '../directory/directory-file.ts'
import { hashRandomSecret, hashSecret } from '../directory/hash-secret.ts'
import { createClientAuthentication } from './client-authentication.ts'
import { createSecretChecker } from './secret-checker.ts'

const SECRET = 'a-random-secret-of-enough-characters'
const ARGON2 = await hashSecret(SECRET)

function directoryWith(...clients: readonly object[]) {
  const all = clients.map((client) => ({ organizationId: 'acme', grants: ['client_credentials'], ...client }))
  return parseDirectory(JSON.stringify({ organizations: [{ id: 'acme' }], clients: all }))
}

const WEAK = { id: 'weak', secretHash: hashRandomSecret(SECRET) }
const SLOW = { id: 'slow', secretHash: ARGON2 }
const OPEN = { id: 'open', public: true, grants: ['password'] }

/** Authenticates over a directory; `runs` are the argon2id runs that it has cost. */
function fixture(directory: ReturnType<typeof parseDirectory>) {
  const state = { directory, runs: 0, onRun: () => {} }
  const real = createSecretChecker()
  const secrets = {
    async matches(secret: string, hashed: string) {
      const isRight = await real.matches(secret, hashed, 'here')
      if (hashed.startsWith('$argon2id$')) {
        state.runs++
        state.onRun()
      }
      return isRight
    },
  }
  const authenticate = createClientAuthentication({ current: () => state.directory }, secrets)
  const ask = (id: string, secret: string) =>
    authenticate(
      undefined,
      new Map([['client_id', id], ...(secret === '' ? [] : [['client_secret', secret] as const])]),
      'here',
    )
  return { state, ask }
}

test('whoever is refused has cost one argon2id run, whether there is such a client or not', async () => {
  const off = { ...SLOW, id: 'off', enabled: false }
  const { state, ask } = fixture(
    directoryWith(WEAK, SLOW, OPEN, off, { ...WEAK, id: 'weak-off', enabled: false }),
  )
  for (const [id, secret] of [
    ['nobody', 'wrong'],
    ['__proto__', 'wrong'],
    ['slow', 'wrong'],
    ['weak', 'wrong'],
    ['open', 'wrong'],
    ['off', SECRET],
    ['weak-off', SECRET],
  ] as const) {
    state.runs = 0
    await assert.rejects(ask(id, secret), { code: 'invalid_client' })
    assert.equal(state.runs, 1, `${id} ${secret}`)
  }
  for (const id of ['nobody', 'slow', 'weak', 'off']) {
    state.runs = 0
    await assert.rejects(ask(id, ''), { code: 'invalid_client' })
    assert.equal(state.runs, 0, `${id} without a secret`)
  }
})

test('whoever is right pays for its own hash only, and where all are cheap nobody pays more', async () => {
  const { state, ask } = fixture(directoryWith(WEAK, SLOW, OPEN))
  assert.equal((await ask('weak', SECRET)).client.id, 'weak')
  assert.equal((await ask('open', '')).client.id, 'open')
  assert.equal(state.runs, 0)
  assert.equal((await ask('slow', SECRET)).client.id, 'slow')
  assert.equal(state.runs, 1)
  const cheap = fixture(directoryWith(WEAK, OPEN))
  for (const id of ['weak', 'open', 'nobody']) await assert.rejects(cheap.ask(id, 'wrong'))
  assert.equal(cheap.state.runs, 0)
})

test('a secret that was changed while it was checked is wrong', async () => {
  const { state, ask } = fixture(directoryWith(SLOW))
  state.onRun = () => {
    state.directory = directoryWith({
      ...SLOW,
      secretHash: hashRandomSecret('another-secret-of-enough-characters'),
    })
  }
  await assert.rejects(ask('slow', SECRET), { code: 'invalid_client' })
})

test('each of two secrets is good, and says which it was; whoever is refused has cost as much as the dearest client', async () => {
  const newer = 'the-one-that-takes-over-from-the-former'
  const hashes = [await hashSecret(newer), ARGON2]
  const { state, ask } = fixture(directoryWith(WEAK, { id: 'two', secrets: hashes }))
  assert.equal((await ask('two', newer)).secretHash, hashes[0])
  assert.equal((await ask('two', SECRET)).secretHash, hashes[1])
  for (const id of ['two', 'weak', 'nobody']) {
    state.runs = 0
    await assert.rejects(ask(id, 'wrong'), { code: 'invalid_client' })
    assert.equal(state.runs, 2, id)
  }
})
