import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  type AuthFixture,
  openAuth,
  refresh,
  signIn,
  signInBackend,
  until,
} from '../../../../test/helpers/auth-fixture.ts'
import { hashRandomSecret, hashSecret } from '../auth.ts'

type Entry = Record<string, unknown>
const SECRET = 'a-random-secret-of-enough-characters'

async function folder(test: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'rollcall-directory-'))
  test.after(() => rm(path, { recursive: true }))
  return path
}

async function contents(alice: Entry | null = {}, backend: Entry | null = {}): Promise<string> {
  const passwordHash = await hashSecret('alice-password')
  const secretHash = hashRandomSecret(SECRET)
  const user = { username: 'alice', passwordHash, organizationId: 'acme', ...alice }
  const client = {
    id: 'backend',
    secretHash,
    organizationId: 'acme',
    grants: ['client_credentials'],
    ...backend,
  }
  return JSON.stringify({
    organizations: [{ id: 'acme' }, { id: 'globex' }],
    users: alice === null ? [] : [user],
    clients: [
      { id: 'customer', public: true, grants: ['password', 'refresh_token'] },
      ...(backend === null ? [] : [client]),
    ],
  })
}

/** Writes beside and renames, as editors do, then lets the next poll see it. */
async function replace({ clock, lines }: AuthFixture, file: string, text: string): Promise<void> {
  const before = lines.length
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
  await clock.advance(2000)
  await until(() => lines.length > before)
}

test('who is removed, disabled, moved or stripped is refused from the reload on', async (t) => {
  const file = join(await folder(t), 'directory.json')
  await writeFile(file, await contents({ authorities: ['A', 'B'] }))
  const fixture = await openAuth(t, { directoryFile: file })
  const { auth } = fixture
  for (const change of [null, { enabled: false }, { organizationId: 'globex' }, { authorities: ['A'] }]) {
    const { access_token } = await signIn(auth)
    assert.equal((await auth.authenticate(access_token)).userId, 'alice')
    await replace(fixture, file, await contents(change))
    assert.equal(auth.isStillGood(access_token), false, JSON.stringify(change))
    await assert.rejects(async () => auth.authenticate(access_token), { code: 'unauthorized' })
    await assert.rejects(auth.authenticateStale(access_token), { code: 'unauthorized' })
    await replace(fixture, file, await contents({ authorities: ['A', 'B', 'C'] }))
    assert.equal(auth.isStillGood(access_token), false, `${JSON.stringify(change)}: for good`)
  }
})

test('a disabled user can neither sign in nor refresh, and its sign-in stays ended', async (t) => {
  const file = join(await folder(t), 'directory.json')
  await writeFile(file, await contents())
  const fixture = await openAuth(t, { directoryFile: file })
  const { refresh_token } = await signIn(fixture.auth)
  await replace(fixture, file, await contents({ enabled: false }))
  await assert.rejects(signIn(fixture.auth), { code: 'invalid_grant' })
  await assert.rejects(refresh(fixture.auth, refresh_token), { code: 'invalid_grant' })
  await replace(fixture, file, await contents())
  await assert.rejects(refresh(fixture.auth, refresh_token), { code: 'invalid_grant' })
  await signIn(fixture.auth)
})

test('a disabled or removed client is refused, and its tokens with it', async (t) => {
  const file = join(await folder(t), 'directory.json')
  await writeFile(file, await contents())
  const fixture = await openAuth(t, { directoryFile: file })
  const { access_token } = await signInBackend(fixture.auth, 'backend', SECRET)
  await fixture.auth.authenticate(access_token)
  for (const change of [{ enabled: false }, null]) {
    await replace(fixture, file, await contents({}, change))
    await assert.rejects(signInBackend(fixture.auth, 'backend', SECRET), { code: 'invalid_client' })
    await assert.rejects(async () => fixture.auth.authenticate(access_token), { code: 'unauthorized' })
  }
})

test('a broken or missing file changes nothing and is logged once', async (t) => {
  const file = join(await folder(t), 'directory.json')
  const text = await contents()
  await writeFile(file, text)
  const fixture = await openAuth(t, { directoryFile: file })
  const { auth, clock, lines } = fixture
  await replace(fixture, file, text.replace('"acme"', '"a/b"'))
  assert.match(JSON.stringify(lines.at(-1)), /organizations\[0\]\.id: must be an id/)
  await signIn(auth)
  await clock.advance(6000)
  await rm(file)
  const before = lines.length
  await clock.advance(2000)
  await until(() => lines.length > before)
  assert.match(JSON.stringify(lines.at(-1)), /cannot be read \(ENOENT\)/)
  await signIn(auth)
  await replace(fixture, file, await contents({ enabled: false }))
  await assert.rejects(signIn(auth), { code: 'invalid_grant' })
  assert.equal(lines.filter(({ level }) => level === 'error').length, 2)
})

test('a volume that swaps a symbolic link is noticed', async (t) => {
  const path = await folder(t)
  await writeFile(join(path, 'one.json'), await contents())
  await writeFile(join(path, 'two.json'), await contents({ enabled: false }))
  await symlink('one.json', join(path, 'directory.json'))
  const fixture = await openAuth(t, { directoryFile: join(path, 'directory.json') })
  await signIn(fixture.auth)
  await symlink('two.json', join(path, 'next'))
  await rename(join(path, 'next'), join(path, 'directory.json'))
  await fixture.clock.advance(2000)
  await until(() => fixture.lines.some(({ message }) => message === 'directory reloaded'))
  await assert.rejects(signIn(fixture.auth), { code: 'invalid_grant' })
})

test('a directory that cannot be used refuses the start, naming file and place', async (t) => {
  const file = join(await folder(t), 'directory.json')
  await assert.rejects(openAuth(t, { directoryFile: file }), {
    message: `directory file ${file}: cannot be read (ENOENT)`,
  })
  await writeFile(file, await contents({ organizationId: 'nowhere' }))
  await assert.rejects(openAuth(t, { directoryFile: file }), {
    message: `directory file ${file}: users[0].organizationId: is not the id of an organization in this directory`,
  })
})
