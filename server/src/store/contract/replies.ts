import assert from 'node:assert/strict'
import { CLAIM_LEASE_MS, TOKENS_MS } from '../bounds.ts'
import type { Claim, ClaimOutcome, Reply, UserKey } from '../store.ts'
import type { Cases, Scene } from './scene.ts'
import { ENDPOINT } from './scene.ts'
import { SMALL_BOOKS } from './sharing.ts'

const OWNER: UserKey = { organizationId: 'acme', userId: 'backend' }
const RECIPIENT: UserKey = { organizationId: ENDPOINT.organizationId, userId: ENDPOINT.userId }
const CLAIMED: ClaimOutcome = { kind: 'claimed' }
const BUSY: ClaimOutcome = { kind: 'busy' }
const REPLY: Reply = { eventId: 'id of x', count: 1 }
const isUnavailable = { code: 'unavailable' }

/** Somebody claims a key, and is not heard of again. */
async function claimed(scene: Scene, key = 'k'): Promise<Claim> {
  const claim = scene.claimOf(OWNER, key)
  assert.deepEqual(await claimAgain(scene, claim), CLAIMED)
  return claim
}

function claimAgain(scene: Scene, claim: Claim): Promise<ClaimOutcome> {
  return scene.store.replies.claim(claim, RECIPIENT)
}

/**
 * What another process finds, goes by, and has in the end: the first reply, or leave to do it. In an engine that has both
 * partitions the reply may be there at once.
 */
async function takeOver(scene: Scene, claim: Claim): Promise<Reply | 'claimed'> {
  const { replies } = scene.store
  const found = await claimAgain(scene, claim)
  if (found.kind === 'known') return found.reply
  if (found.kind === 'claimed') return 'claimed'
  assert(found.kind === 'lapsed', 'nobody is at it any more')
  assert.deepEqual([found.claim.owner, found.claim.key, found.recipient], [claim.owner, claim.key, RECIPIENT])
  const reply = await replies.resolve(found.recipient, found.claim.token)
  if (reply !== undefined) await replies.answer(found.claim, reply)
  else await replies.release(found.claim)
  return takeOver(scene, claim)
}

/** Contract of idempotency keys: who does what they stand for, and that it is done once. */
export const replyCases: Cases = {
  'one at a time is at a key, and others wait for no other key': async (scene) => {
    const claim = await claimed(scene)
    assert.deepEqual(await claimAgain(scene, scene.claimOf(OWNER, 'k')), BUSY)
    assert.deepEqual(await claimAgain(scene, claim), BUSY)
    for (const [owner, key] of [
      [OWNER, '__proto__'],
      [{ ...OWNER, organizationId: 'globex' }, 'k'],
      [{ ...OWNER, userId: '__proto__' }, 'k'],
    ] as const)
      assert.deepEqual(await claimAgain(scene, scene.claimOf(owner, key)), CLAIMED)
  },

  'whoever releases a claim lets the next try at once; a claim of another is nobody’s to end': async (
    scene,
  ) => {
    const { replies } = scene.store
    const claim = await claimed(scene)
    const other = scene.claimOf(OWNER, 'k')
    await replies.release(other)
    await replies.answer(other, REPLY)
    assert.deepEqual(await claimAgain(scene, other), BUSY)
    await replies.release(claim)
    await replies.release(claim)
    assert.deepEqual(await claimAgain(scene, other), CLAIMED)
    await replies.answer(claim, REPLY)
    await replies.release(claim)
    assert.deepEqual(await claimAgain(scene, claim), BUSY)
  },

  'what was done without an append is answered as well': async (scene) => {
    const claim = await claimed(scene)
    await scene.store.replies.answer(claim, { eventId: 'at most once', count: 3 })
    assert.deepEqual(await scene.reply(OWNER, 'k'), { eventId: 'at most once', count: 3 })
    await scene.under.advance(600_000)
    assert.equal(await scene.reply(OWNER, 'k'), undefined)
  },

  'a claim is left alone for its lease, and no longer': async (scene) => {
    const claim = await claimed(scene)
    const other = scene.claimOf(OWNER, 'k')
    await scene.under.advance(CLAIM_LEASE_MS - 1)
    assert.deepEqual(await claimAgain(scene, other), BUSY)
    await scene.under.advance(1)
    assert.deepEqual(await claimAgain(scene, other), { kind: 'lapsed', claim, recipient: RECIPIENT })
    await scene.store.replies.answer(claim, REPLY)
    assert.deepEqual(await claimAgain(scene, other), { kind: 'known', reply: REPLY })
  },

  'an append under a token that was used adds nothing, and gives the first outcome': async (scene) => {
    const registration = await scene.register()
    const idempotency = await claimed(scene)
    await scene.append('x', { idempotency })
    const again = await scene.append('another body', { idempotency })
    assert.deepEqual(again, { accepted: [], full: [], repeated: REPLY })
    assert.deepEqual(await scene.payloads(registration), ['x'])
    assert.deepEqual(await scene.store.replies.resolve(RECIPIENT, idempotency.token), REPLY)
  },

  'whoever dies after the append leaves a key that gives its outcome': async (scene) => {
    const registration = await scene.register({ keepAliveSeconds: 60 })
    await scene.append('x', { idempotency: await claimed(scene) })
    await scene.under.advance(CLAIM_LEASE_MS)
    assert.deepEqual(await takeOver(scene, scene.claimOf(OWNER, 'k')), REPLY)
    assert.deepEqual(await scene.payloads(registration), ['x'])
    assert.deepEqual(await scene.reply(OWNER, 'k'), REPLY)
  },

  'whoever dies before the append leaves a key that is free, and comes too late when it comes back': async (
    scene,
  ) => {
    const registration = await scene.register({ keepAliveSeconds: 60 })
    const idempotency = await claimed(scene)
    await scene.under.advance(CLAIM_LEASE_MS)
    const other = scene.claimOf(OWNER, 'k')
    assert.equal(await takeOver(scene, other), 'claimed')
    await assert.rejects(scene.append('late', { idempotency }), isUnavailable)
    await scene.append('x', { idempotency: other })
    await assert.rejects(scene.append('late', { idempotency }), isUnavailable)
    await scene.store.replies.answer(other, REPLY)
    await scene.store.replies.answer(idempotency, { eventId: 'late', count: 9 })
    await assert.rejects(scene.append('late', { idempotency }), isUnavailable)
    assert.deepEqual(await scene.payloads(registration), ['x'])
    assert.deepEqual(await scene.reply(OWNER, 'k'), REPLY)
    assert.equal(await scene.store.history.find('id of late', {}), undefined)
  },

  'of two who find a lapsed claim one goes on': async (scene) => {
    await claimed(scene)
    await scene.under.advance(CLAIM_LEASE_MS)
    assert.equal(await takeOver(scene, scene.claimOf(OWNER, 'k')), 'claimed')
    assert.deepEqual(await claimAgain(scene, scene.claimOf(OWNER, 'k')), BUSY)
  },

  'as many claims are open as replies are remembered, and one that lapsed long ago makes room': async (
    scene,
  ) => {
    for (let count = 0; count < SMALL_BOOKS.idempotencyKeysMax; count++) await claimed(scene, `k${count}`)
    await assert.rejects(claimAgain(scene, scene.claimOf(OWNER, 'more')), isUnavailable)
    await scene.under.advance(CLAIM_LEASE_MS + 600_000)
    assert.deepEqual(await claimAgain(scene, scene.claimOf(OWNER, 'more')), CLAIMED)
  },

  'what a token came to is kept for as long as a key': async (scene) => {
    await scene.register({ keepAliveSeconds: 3600 })
    const { replies } = scene.store
    const [first, second] = [await claimed(scene, 'first'), await claimed(scene, 'second')]
    await scene.append('x', { idempotency: first })
    assert.equal(await replies.resolve(RECIPIENT, second.token), undefined)
    await scene.under.advance(TOKENS_MS - 1)
    assert.deepEqual(await replies.resolve(RECIPIENT, first.token), REPLY)
    await assert.rejects(scene.append('late', { idempotency: second }), isUnavailable)
  },
}

export const replyRestartCases: Cases = {
  'a key whose event was appended gives its outcome after a crash, and nothing is sent twice': async (
    scene,
  ) => {
    const registration = await scene.register({ keepAliveSeconds: 600 })
    await scene.append('x', { idempotency: await claimed(scene) })
    await scene.under.crash(0)
    await scene.under.advance(CLAIM_LEASE_MS)
    assert.deepEqual(await takeOver(scene, scene.claimOf(OWNER, 'k')), REPLY)
    assert.deepEqual(await scene.payloads(registration), ['x'])
  },

  'a key whose event was not appended is free after a crash': async (scene) => {
    await claimed(scene)
    await scene.under.crash(0)
    await scene.under.advance(CLAIM_LEASE_MS)
    assert.equal(await takeOver(scene, scene.claimOf(OWNER, 'k')), 'claimed')
  },
}
