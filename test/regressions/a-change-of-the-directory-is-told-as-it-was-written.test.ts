import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type EntryName, importDirectory, type WrittenEntry } from '../../server/src/auth/auth.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { openStoredAuth, STORED_FILE, testSealer } from '../helpers/stored-directory.ts'

const SILENT = { error() {}, warn() {}, info() {}, debug() {} }
const ALICE: EntryName = { kind: 'users', id: 'alice' }
const BACKEND: EntryName = { kind: 'clients', id: 'backend' }
const HOOK: EntryName = { kind: 'webhooks', id: 'hook', organizationId: 'acme' }
const ACME: EntryName = { kind: 'organizations', id: 'acme' }
const EMPTY: EntryName = { kind: 'organizations', id: 'empty' }
const isGone = { code: 'not_found' }

/** Two processes with one directory, of which the other does something as soon as a change of the first is written. */
async function openTwo(t: TestContext) {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const file = { ...STORED_FILE, organizations: [...STORED_FILE.organizations, { id: 'empty' }] }
  const given = { store: store.directory, sealer: testSealer(), log: SILENT }
  await importDirectory(given, JSON.stringify(file))
  const other = (await openStoredAuth(t, { store })).auth.directory
  let next: (() => Promise<unknown>) | undefined
  const hurried = {
    ...store.directory,
    async change(...what: Parameters<typeof store.directory.change>) {
      const isDone = await store.directory.change(...what)
      const act = next
      next = undefined
      await act?.()
      return isDone
    },
  }
  const { directory } = (await openStoredAuth(t, { store: { ...store, directory: hurried } })).auth
  const revisionOf = (name: EntryName) => other.find(null, name).revision ?? assert.fail('no revision')
  return {
    ...{ directory, other, revisionOf },
    /** Does the one, and the other at once after it. */
    async followed(write: () => Promise<WrittenEntry>, act: () => Promise<unknown>) {
      next = act
      const told = await write()
      assert.equal(next, undefined, 'it was followed')
      return told
    },
    remove: (name: EntryName) => () => other.remove(null, name, revisionOf(name)),
  }
}

// What was told of it was looked up again once it was in force. Where somebody had removed it by then that was 404, though it was
// written, and a secret that had been made for it was lost; where somebody had changed it, it was told with the tag of that change,
// by which whoever had not seen it could undo it.
describe('a change of the directory that somebody follows at once', () => {
  for (const [name, changes] of [
    [ALICE, { authorities: ['AGENT'] }],
    [BACKEND, { enabled: false }],
    [HOOK, { enabled: false }],
    [EMPTY, { name: 'Nobody' }],
  ] as const)
    it(`with its removal is told as it was written: of ${name.kind}`, async (t) => {
      const { directory, revisionOf, followed, remove } = await openTwo(t)
      const seen = revisionOf(name)
      const told = await followed(() => directory.change(null, name, changes, seen), remove(name))
      assert.deepEqual({ ...told.entry, ...changes }, told.entry)
      assert.equal(told.revision, seen + 1)
      assert.throws(() => directory.find(null, name), isGone)
    })

  it('with another change is told with its own revision, and what it has not seen it does not undo', async (t) => {
    const { directory, other, revisionOf, followed } = await openTwo(t)
    const seen = revisionOf(ALICE)
    const told = await followed(
      () => directory.change(null, ALICE, { authorities: ['AGENT'] }, seen),
      () => other.change(null, ALICE, { enabled: false }, revisionOf(ALICE)),
    )
    assert.deepEqual([told.entry['enabled'], told.revision], [true, seen + 1])
    const again = directory.change(null, ALICE, { enabled: true }, told.revision ?? 0)
    await assert.rejects(again, { code: 'precondition_failed' })
  })

  it('shows the secret that it has made, also of what is gone', async (t) => {
    const { directory, revisionOf, followed, remove } = await openTwo(t)
    const rotated = await followed(
      () => directory.rotateSecret(null, BACKEND, revisionOf(BACKEND)),
      remove(BACKEND),
    )
    assert.deepEqual([rotated.entry['secrets'], typeof rotated.secret], [2, 'string'])
    const added = await followed(
      () =>
        directory.add(null, 'clients', { id: 'new', organizationId: 'acme', grants: ['client_credentials'] }),
      remove({ kind: 'clients', id: 'new' }),
    )
    assert.deepEqual([added.entry.id, typeof added.secret], ['new', 'string'])
    assert.throws(() => directory.find(null, { kind: 'clients', id: 'new' }), isGone)
  })

  it('without the former secret is told, also of what is gone', async (t) => {
    const { directory, revisionOf, followed, remove } = await openTwo(t)
    await directory.rotateSecret(null, HOOK, revisionOf(HOOK))
    const one = await followed(() => directory.removeFormerSecret(null, HOOK, revisionOf(HOOK)), remove(HOOK))
    assert.deepEqual([one.entry.id, one.entry['secrets']], ['hook', 1])
  })

  it('has of an organization the webhooks that it had then', async (t) => {
    const { directory, revisionOf, followed, remove } = await openTwo(t)
    const changed = await followed(
      () => directory.change(null, ACME, { name: 'Other' }, revisionOf(ACME)),
      remove(HOOK),
    )
    assert.deepEqual([changed.entry['name'], changed.entry['webhooks']], ['Other', 1])
    assert.equal(directory.find(null, ACME).entry['webhooks'], 0)
  })
})
