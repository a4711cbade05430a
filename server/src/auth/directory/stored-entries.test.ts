import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signIn, signInBackend } from '../../../../test/helpers/auth-fixture.ts'
import { createFakeClock, seededRandom } from '../../../../test/helpers/fake-clock.ts'
import { openStoredAuth, STORED_FILE, testSealer } from '../../../../test/helpers/stored-directory.ts'
import { createSealer } from '../../masks/masks.ts'
import { createMemoryStore } from '../../store/memory/memory.ts'
import { addOrganizationAdministrator, addServiceClient } from './first-administrator.ts'
import { StoredEntries } from './stored-entries.ts'
import { exportDirectory, importDirectory } from './transfer.ts'

function options(byte = 7) {
  const lines: string[] = []
  const say = (message: string) => void lines.push(message)
  const log = { error: say, warn: say, info: () => undefined, debug: () => undefined }
  const { directory: store } = createMemoryStore({ clock: createFakeClock() })
  return { store, sealer: testSealer(byte), log, lines }
}

const ALICE = { kind: 'users', id: 'alice' } as const
const HOOK = { kind: 'webhooks', id: 'hook', organizationId: 'acme' } as const

test('a file that is imported comes out as it was, member by member and in its order', async () => {
  const given = options()
  const size = await importDirectory(given, JSON.stringify(STORED_FILE))
  assert.deepEqual(size, { organizations: 2, webhooks: 1, users: 4, clients: 3 })
  const text = await exportDirectory(given)
  assert.equal(text, `${JSON.stringify(STORED_FILE, null, 2)}\n`)
  await importDirectory(given, text)
  assert.equal(await exportDirectory(given), text)
  await importDirectory(given, '{"organizations":[{"id":"one"}]}')
  const empty = { organizations: [{ id: 'one' }], users: [], clients: [] }
  assert.deepEqual(JSON.parse(await exportDirectory(given)), empty)
})

test('a file that is wrong changes nothing', async () => {
  const given = options()
  await importDirectory(given, JSON.stringify(STORED_FILE))
  const wrong = {
    ...STORED_FILE,
    users: [...STORED_FILE.users, { username: 'x', organizationId: 'nowhere' }],
  }
  await assert.rejects(importDirectory(given, JSON.stringify(wrong)), /^FormError: users\[4\]/)
  await assert.rejects(importDirectory(given, '{'), /is not valid JSON/)
  assert.equal(await exportDirectory(given), `${JSON.stringify(STORED_FILE, null, 2)}\n`)
})

test('the secrets of webhooks are sealed in the store, and passwords are hashes there', async () => {
  const given = options()
  await importDirectory(given, JSON.stringify(STORED_FILE))
  const { entries } = await given.store.read()
  const text = entries.map(({ value }) => Buffer.from(value).toString('latin1')).join('\n')
  assert.doesNotMatch(text, /whsec_|AAAAAAAA/)
  assert.match(text, /argon2id/)
})

test('with another sealing key a webhook is disabled and said so, with the former key it is sealed anew', async () => {
  const given = options()
  await importDirectory(given, JSON.stringify(STORED_FILE))
  const other = { ...given, sealer: testSealer(8) }
  const closed = await StoredEntries.open(other)
  const [webhook] = closed.current().organizations.get('acme')?.webhooks ?? []
  assert.equal(webhook?.enabled, false)
  assert.match(given.lines.join(), /cannot be opened/)
  await assert.rejects(exportDirectory(other), /webhooks\/acme\/hook: .*FORMER_SEALING_KEY/)
  await closed.close()

  const both = createSealer(Buffer.alloc(32, 8), seededRandom(8), Buffer.alloc(32, 7))
  const opened = await StoredEntries.open({ ...given, sealer: both })
  assert.equal(opened.current().organizations.get('acme')?.webhooks[0]?.enabled, true)
  await opened.close()
  // Now the former key is not needed any more.
  assert.equal(await exportDirectory(other), `${JSON.stringify(STORED_FILE, null, 2)}\n`)
})

test('a webhook whose secret cannot be opened is given a new one, never the one that stands in', async (t) => {
  const first = await openStoredAuth(t)
  const second = await openStoredAuth(t, {
    store: first.store,
    storedDirectory: { sealer: testSealer(9) },
  })
  const { directory } = second.auth
  const { revision = 0 } = directory.find('acme', HOOK)
  await assert.rejects(directory.change('acme', HOOK, { enabled: true }, revision), {
    code: 'invalid_request',
  })
  const { secret } = await directory.rotateSecret('acme', HOOK, revision)
  const [webhook] = second.auth.organizations().get('acme')?.webhooks ?? []
  assert.deepEqual(webhook?.secrets, [Buffer.from(String(secret).slice(6), 'base64')])
})

test('what one process changes is in force in every other at once, sessions and webhooks with it', async (t) => {
  const one = await openStoredAuth(t)
  const other = await openStoredAuth(t, { store: one.store })
  const token = await other.tokenOf('alice')
  const alice = await other.auth.authenticate(token)
  const heard: boolean[] = []
  other.auth.onRevoked((isConcerned) => void heard.push(isConcerned(alice)))
  let reloads = 0
  other.auth.onDirectoryReloaded(() => void reloads++)
  const { revision = 0 } = one.auth.directory.find('acme', ALICE)
  await one.auth.directory.remove('acme', ALICE, revision)
  assert.equal(other.auth.isStillGood(token), false)
  assert.equal(reloads, 1)
  assert.ok(heard.includes(true))
  await assert.rejects(signIn(other.auth, 'alice', 'the-password'), { code: 'invalid_grant' })
})

test('processes that change it at the same time do not lose what the other did', async (t) => {
  const one = await openStoredAuth(t)
  const other = await openStoredAuth(t, { store: one.store })
  const add = (auth: typeof one.auth, id: string) => auth.directory.add(null, 'organizations', { id })
  const names = Array.from({ length: 6 }, (_, index) => `o${index}`)
  await Promise.all(names.map((name, index) => add(index % 2 === 0 ? one.auth : other.auth, name)))
  for (const { auth } of [one, other])
    assert.deepEqual([...auth.organizations().keys()].slice(2).sort(), names)
  const same = await Promise.allSettled([add(one.auth, 'twin'), add(other.auth, 'twin')])
  assert.deepEqual(same.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

test('a change that was missed is read anew, and an entry that cannot be read gives nobody anything', async (t) => {
  const one = await openStoredAuth(t)
  const { store, auth, lines } = one
  const { revision, entries } = await store.directory.read()
  const [acme] = entries.filter(({ key }) => key === 'organizations/acme')
  const text = Buffer.from(acme?.value ?? [])
    .toString()
    .replaceAll('acme', 'third')
  await store.directory.change(revision, [
    { key: 'organizations/third', value: Buffer.from(text) },
    { key: 'users/alice', value: Buffer.from('{') },
    { key: 'nonsense', value: Buffer.from('{}') },
    { key: 'organizations/globex', value: undefined },
  ])
  assert.equal(auth.organizations().has('third'), true)
  await assert.rejects(signIn(auth, 'alice', 'the-password'), { code: 'invalid_grant' })
  await assert.rejects(signIn(auth, 'carol', 'the-password'), { code: 'invalid_grant' })
  const told = lines.filter(({ level }) => level === 'error').map(({ message }) => message)
  assert.ok(told.some((message) => /cannot be used/.test(message)))
  assert.ok(told.some((message) => /belongs to no organization/.test(message)))
  assert.equal((await signIn(auth, 'boss', 'the-password')).sub, 'boss')
})

test('a change that the store could not confirm is refused', async (t) => {
  const { auth, store } = await openStoredAuth(t)
  t.mock.method(store.directory, 'change', async () => false)
  await assert.rejects(auth.directory.add(null, 'organizations', { id: 'x' }), { code: 'unavailable' })
  assert.equal(auth.organizations().has('x'), false)
})

test('the first administrators are made where nobody is, and let in again where they are', async (t) => {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const given = { ...options(), store: store.directory }
  const random = seededRandom(3)
  const first = await addServiceClient(given, random, 'root')
  const wanted = { organizationId: 'acme', username: 'boss' }
  const boss = await addOrganizationAdministrator(given, random, wanted)
  assert.equal(boss.signInClient, 'customer')
  const { auth } = await openStoredAuth(t, { store })
  assert.equal((await signIn(auth, 'boss', boss.secret)).sub, 'boss')
  const token = (await signInBackend(auth, 'root', first.secret)).access_token
  assert.equal((await auth.authenticate(token)).isService, true)
  const again = await addServiceClient(given, random, 'root')
  await signInBackend(auth, 'root', again.secret)
  const { secret } = await addOrganizationAdministrator(given, random, wanted)
  assert.equal((await signIn(auth, 'boss', secret)).sub, 'boss')
  await assert.rejects(signIn(auth, 'boss', boss.secret), { code: 'invalid_grant' })
  await assert.rejects(addServiceClient(given, random, 'a/b'), { code: 'invalid_request' })
})
