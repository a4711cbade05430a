import assert from 'node:assert/strict'
import type { ListChange, RevokedToken } from '../store.ts'
import type { Cases, Scene } from './scene.ts'

/** What a holder of the list of revoked tokens is told, in short. */
function listen(scene: Scene): { readonly heard: readonly string[]; readonly stop: () => void } {
  const heard: string[] = []
  const stop = scene.store.revokedTokens.onChange((change) => void heard.push(inShort(change)))
  return { heard, stop }
}

function inShort(change: ListChange<RevokedToken>): string {
  if (change.kind === 'removed') return `-${change.keys.join()}`
  return `+${change.item.tokenKey} ${change.item.untilWallMs}`
}

/** Contract of lists that several hold: every one of them is told of every change. */
export const sharedListCases: Cases = {
  'everybody who holds a list is told of every change, in order': async (scene) => {
    const { revokedTokens } = scene.store
    const untilWallMs = scene.under.wallMs() + 60_000
    await revokedTokens.add({ tokenKey: 'before', untilWallMs })
    const [one, other] = [listen(scene), listen(scene)]
    await revokedTokens.add({ tokenKey: 'a', untilWallMs })
    await revokedTokens.add({ tokenKey: 'b', untilWallMs })
    await revokedTokens.remove(['a', 'unknown'])
    const expected = [`+a ${untilWallMs}`, `+b ${untilWallMs}`, '-a,unknown']
    assert.deepEqual([one.heard, other.heard], [expected, expected])
  },

  'what is told of an item that was there is what is kept of both': async (scene) => {
    const { revokedTokens, revokedUsers } = scene.store
    const untilWallMs = scene.under.wallMs() + 60_000
    const { heard } = listen(scene)
    for (const aheadMs of [0, -1, 1])
      await revokedTokens.add({ tokenKey: 'a', untilWallMs: untilWallMs + aheadMs })
    assert.deepEqual(heard, [`+a ${untilWallMs}`, `+a ${untilWallMs}`, `+a ${untilWallMs + 1}`])
    const users: ListChange<unknown>[] = []
    revokedUsers.onChange((change) => void users.push(change))
    const user = { organizationId: 'acme', userId: '__proto__', notBeforeWallMs: 5, untilWallMs }
    await revokedUsers.add(user)
    await revokedUsers.add({ ...user, notBeforeWallMs: 4, untilWallMs: untilWallMs + 1 })
    const merged = { ...user, untilWallMs: untilWallMs + 1 }
    assert.deepEqual(users, [
      { kind: 'added', item: user },
      { kind: 'added', item: merged },
    ])
    await revokedUsers.remove(['acme/__proto__'])
    assert.deepEqual(await revokedUsers.list(), [])
  },

  'a list tells nothing of another, of what was refused, or of what its time ended': async (scene) => {
    const { revokedTokens, signingKeys } = scene.store
    const { heard } = listen(scene)
    await signingKeys.add({ keyId: 'k', privateKeyPem: 'pem', createdAtWallMs: 1 })
    const untilWallMs = scene.under.wallMs() + 1000
    const taken: string[] = []
    for (let count = 0; count < 30; count++)
      await revokedTokens.add({ tokenKey: `t${count}`, untilWallMs }).then(
        () => taken.push(`+t${count} ${untilWallMs}`),
        () => undefined,
      )
    assert(taken.length < 30, 'the list is finite')
    await scene.under.advance(2000)
    assert.deepEqual(await revokedTokens.list(), [])
    assert.deepEqual(heard, taken)
  },

  'whoever has ended it is told nothing more, and others are': async (scene) => {
    const { revokedTokens } = scene.store
    const [one, other] = [listen(scene), listen(scene)]
    one.stop()
    one.stop()
    await revokedTokens.add({ tokenKey: 'a', untilWallMs: scene.under.wallMs() + 1000 })
    assert.deepEqual([one.heard.length, other.heard.length], [0, 1])
  },
}
