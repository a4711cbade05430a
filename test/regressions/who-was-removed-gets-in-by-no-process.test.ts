import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { EntryName } from '../../server/src/auth/auth.ts'
import { createAuth, importDirectory } from '../../server/src/auth/auth.ts'
import type { Store } from '../../server/src/store/store.ts'
import { forge, ISSUER, recordingLog, testSigningKey } from '../helpers/auth-fixture.ts'
import { seededRandom } from '../helpers/fake-clock.ts'
import { STORED_FILE, testSealer } from '../helpers/stored-directory.ts'
import { openTwo } from '../helpers/two-processes.ts'

const CAROL: EntryName = { kind: 'users', id: 'carol' }
const BACKEND: EntryName = { kind: 'clients', id: 'backend' }

/** Two processes with one directory; of what changes in it the other hears by no notice. */
async function openDirectories(t: TestContext) {
  const two = await openTwo(t)
  const { clock, memory, here, there } = two
  await importDirectory(
    { store: memory.directory, sealer: testSealer(), log: recordingLog([]) },
    JSON.stringify(STORED_FILE),
  )
  await memory.signingKeys.add(testSigningKey(clock))
  const open = async ({ node, cluster }: typeof here, store: Store) => {
    const auth = await createAuth({
      ...{ store, cluster, clock: node.clock, log: recordingLog([]), issuer: () => ISSUER },
      ...{ random: seededRandom('directory'), storedDirectory: { sealer: testSealer() } },
      ...{ accessTokenTtlSeconds: 3_600, refreshTokenTtlSeconds: 86_400, refreshFamiliesPerUserMax: 10 },
      ...{ signingKeyRotationDays: 90, staleConnectSecondsMax: 86_400, foreignIssuers: undefined },
    })
    t.after(() => auth.close())
    return auth
  }
  const deaf = { ...there.store, directory: { ...there.store.directory, onChange: () => () => undefined } }
  const auths = { here: await open(here, here.store), there: await open(there, deaf) }
  await clock.advance(1_000)
  const claims = { sub: 'carol', userId: 'carol', organization_id: 'globex', iat: 1_767_225_600 }
  const { directory } = auths.here
  return {
    ...{ ...two, auths, directory, token: forge(clock, { claims }) },
    revisionOf: (name: EntryName) => directory.find(null, name).revision ?? assert.fail('no revision'),
    /** What comes of it, and after how long. */
    async passing<Answer>(answer: Promise<Answer>, ms: number): Promise<Answer | string> {
      const settled = answer.catch((error: { readonly code: string }) => error.code)
      for (let passed = 0; passed < ms; passed += 50) await clock.advance(50)
      return settled
    },
  }
}

// Another process took the token of a removed user until it had heard of the change, though that was answered as in force.
describe('a change of the directory that was answered', () => {
  it('is in force at a process that no notice has told of it', async (t) => {
    const { auths, directory, token, revisionOf, passing } = await openDirectories(t)
    for (const auth of [auths.here, auths.there])
      assert.equal((await auth.authenticate(token)).userId, 'carol')
    assert.equal(await passing(directory.remove(null, CAROL, revisionOf(CAROL)), 500), undefined)
    for (const auth of [auths.here, auths.there])
      await assert.rejects(async () => auth.authenticate(token), { code: 'unauthorized' })
    assert.throws(() => auths.there.directory.find(null, CAROL), { code: 'not_found' })
  })

  it('is not confirmed while a process stands still, and is made all the same', async (t) => {
    const { auths, there, directory, revisionOf, passing, clock } = await openDirectories(t)
    there.node.clock.freeze()
    const disabled = directory.change(null, CAROL, { enabled: false }, revisionOf(CAROL))
    assert.equal(await passing(disabled, 3_500), 'unavailable')
    assert.equal(directory.find(null, CAROL).entry['enabled'], false)
    there.node.clock.goOn()
    await clock.advance(1_000)
    assert.equal(auths.there.directory.find(null, CAROL).entry['enabled'], false)
  })

  it('shows a secret that it has made even then: it is shown once', async (t) => {
    const { there, directory, revisionOf, passing } = await openDirectories(t)
    there.node.clock.freeze()
    const rotated = await passing(directory.rotateSecret(null, BACKEND, revisionOf(BACKEND)), 3_500)
    assert.ok(typeof rotated === 'object' && (rotated.secret?.length ?? 0) > 20)
  })
})

// It was taken for dead, came back with the answer to a question of before, and counted as up to date by it.
describe('a directory that is to be read anew', () => {
  it('is not what was asked for before', async (t) => {
    const two = await openTwo(t)
    const { memory, here, clock } = two
    const { directory } = memory
    const given = { store: directory, sealer: testSealer(), log: recordingLog([]) }
    await importDirectory(given, JSON.stringify({ organizations: [{ id: 'acme', name: 'before' }] }))
    const answers: (() => void)[] = []
    let isSlow = false
    const read = async () => {
      const content = await directory.read()
      if (isSlow) await new Promise<void>((resolve) => void answers.push(resolve))
      return content
    }
    const store = { ...here.store, directory: { ...directory, read, onChange: () => () => undefined } }
    await memory.signingKeys.add(testSigningKey(clock))
    const auth = await createAuth({
      ...{
        store,
        cluster: here.cluster,
        clock: here.node.clock,
        log: recordingLog([]),
        issuer: () => ISSUER,
      },
      ...{ random: seededRandom('directory'), storedDirectory: { sealer: testSealer() } },
      ...{ accessTokenTtlSeconds: 3_600, refreshTokenTtlSeconds: 86_400, refreshFamiliesPerUserMax: 10 },
      ...{ signingKeyRotationDays: 90, staleConnectSecondsMax: 86_400, foreignIssuers: undefined },
    })
    t.after(() => auth.close())
    isSlow = true
    const before = auth.reloadDirectory()
    await new Promise(setImmediate)
    await importDirectory(given, JSON.stringify({ organizations: [{ id: 'acme', name: 'after' }] }))
    isSlow = false
    const anew = auth.reloadDirectory()
    for (const answer of answers) answer()
    await Promise.all([before, anew])
    assert.equal(auth.organizations().get('acme')?.name, 'after')
  })
})
