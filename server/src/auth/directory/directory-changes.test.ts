import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  basic,
  openAuth,
  refresh,
  request,
  signIn,
  signInBackend,
  until,
} from '../../../../test/helpers/auth-fixture.ts'
import { makeDataDir } from '../../../../test/helpers/run-server.ts'
import type { Auth } from '../auth.ts'
import { hashRandomSecret, hashSecret } from './hash-secret.ts'

const PASSWORD_HASH = await hashSecret('alice-password')
const SECRET = 'a'.repeat(43)

type Flags = { readonly alice?: object | null; readonly backend?: object; readonly customer?: object }

function directory({ alice = {}, backend = {}, customer = {} }: Flags): string {
  const user = { passwordHash: PASSWORD_HASH, organizationId: 'acme' }
  return JSON.stringify({
    organizations: [{ id: 'acme' }, { id: 'globex' }],
    users: [
      ...(alice === null ? [] : [{ ...user, username: 'alice', ...alice }]),
      { ...user, username: 'bob' },
    ],
    clients: [
      {
        id: 'backend',
        secretHash: hashRandomSecret(SECRET),
        organizationId: 'acme',
        grants: ['client_credentials'],
        ...backend,
      },
      { id: 'customer', public: true, grants: ['password', 'refresh_token'], ...customer },
    ],
  })
}

async function openWithFile(t: TestContext) {
  const data = await makeDataDir()
  t.after(() => data.remove())
  const file = join(data.path, 'directory.json')
  await writeFile(file, directory({}))
  const fixture = await openAuth(t, { directoryFile: file })
  let reloads = 0
  async function change(flags: Flags): Promise<void> {
    await writeFile(file, directory(flags))
    reloads++
    for (let poll = 0; poll < 10 && reloadsLogged(fixture.lines) < reloads; poll++) {
      await fixture.clock.advance(500)
      for (let turn = 0; turn < 200; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
    }
    await until(() => reloadsLogged(fixture.lines) === reloads)
  }
  return { ...fixture, change }
}

function reloadsLogged(lines: readonly { readonly message: string }[]): number {
  return lines.filter(({ message }) => message === 'directory reloaded').length
}

const isGood = async (auth: Auth, token: string): Promise<boolean> => {
  try {
    await auth.authenticate(token)
    return true
  } catch {
    return false
  }
}

test('who was disabled does not get the old tokens back by being enabled again', async (t) => {
  const { auth, change } = await openWithFile(t)
  const alice = await signIn(auth)
  const bob = await signIn(auth, 'bob', 'alice-password')
  await change({ alice: { enabled: false } })
  assert.equal(await isGood(auth, alice.access_token), false)
  await change({})
  assert.equal(await isGood(auth, alice.access_token), false)
  await assert.rejects(refresh(auth, alice.refresh_token), { code: 'invalid_grant' })
  assert.equal(await isGood(auth, (await signIn(auth)).access_token), true)
  assert.equal(await isGood(auth, bob.access_token), true)
})

test('nor who was removed, and comes back under the same id', async (t) => {
  const { auth, change } = await openWithFile(t)
  const alice = await signIn(auth)
  await change({ alice: null })
  await change({})
  assert.equal(await isGood(auth, alice.access_token), false)
  await assert.rejects(refresh(auth, alice.refresh_token), { code: 'invalid_grant' })
})

test('a client that was disabled takes with it what it was given, and what its users were', async (t) => {
  const { auth, change } = await openWithFile(t)
  const token = (await signInBackend(auth, 'backend', SECRET)).access_token
  const alice = await signIn(auth)
  await change({ backend: { enabled: false }, customer: { enabled: false } })
  await change({})
  assert.equal(await isGood(auth, token), false)
  assert.equal(await isGood(auth, alice.access_token), false)
  await assert.rejects(refresh(auth, alice.refresh_token), { code: 'invalid_grant' })
  assert.equal(await isGood(auth, (await signInBackend(auth, 'backend', SECRET)).access_token), true)
  assert.equal(await isGood(auth, (await signIn(auth)).access_token), true)
})

test('a secret takes over from another without an outage, and what was got by the former ends with it', async (t) => {
  const { auth, change } = await openWithFile(t)
  const newSecret = 'b'.repeat(43)
  const bySecret = async (secret: string) => (await signInBackend(auth, 'backend', secret)).access_token
  const former = await bySecret(SECRET)
  const [old, next] = [hashRandomSecret(SECRET), hashRandomSecret(newSecret)]
  await change({ backend: { secretHash: undefined, secrets: [next, old] } })
  const meanwhile = [former, await bySecret(SECRET)]
  const newer = await bySecret(newSecret)
  for (const token of [...meanwhile, newer]) assert.equal(await isGood(auth, token), true)
  await change({ backend: { secretHash: next } })
  for (const token of meanwhile) assert.equal(await isGood(auth, token), false)
  assert.equal(await isGood(auth, newer), true)
  await assert.rejects(signInBackend(auth, 'backend', SECRET), { code: 'invalid_client' })
})

test('listeners are told of whoever changed, and of nobody else', async (t) => {
  const { auth, change } = await openWithFile(t)
  const alice = await auth.authenticate((await signIn(auth)).access_token)
  const bob = await auth.authenticate((await signIn(auth, 'bob', 'alice-password')).access_token)
  const heard: boolean[][] = []
  auth.onRevoked((isConcerned) => void heard.push([isConcerned(alice), isConcerned(bob)]))
  await change({})
  assert.deepEqual(heard, [], 'the same again')
  await change({ alice: { passwordHash: await hashSecret('another') } })
  assert.deepEqual(heard, [[true, false]])
  await change({ alice: { authorities: [] } })
  assert.deepEqual(heard.at(-1), [true, false])
  await change({ customer: { enabled: false } })
  assert.deepEqual(heard.at(-1), [true, true])
})

test('a client with the wrong secret revokes nobody', async (t) => {
  const { auth } = await openAuth(t)
  await assert.rejects(auth.revoke(request({ token: 'x' }, basic('customer', 'wrong'))))
  assert.equal(auth.revocations(), 0)
})
