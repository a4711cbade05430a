import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openAuth } from '../../../../test/helpers/auth-fixture.ts'
import { createIsGone } from './gone.ts'

const ALICE = { organizationId: 'acme', userId: 'alice' }

it('whoever was revoked is gone until it was heard of since', async (t) => {
  const { auth, clock } = await openAuth(t)
  const beforeMs = clock.wallMs()
  assert.equal(auth.isGone(ALICE, beforeMs), false)
  await auth.revokeUser(ALICE)
  assert.equal(auth.isGone(ALICE, beforeMs), true)
  await clock.advance(1_000)
  assert.equal(auth.isGone(ALICE, beforeMs), true)
  assert.equal(auth.isGone(ALICE, clock.wallMs()), false)
})

it('whoever is not in the directory, or is disabled there, is gone; of users of foreign issuers nobody knows', async (t) => {
  const { auth, clock } = await openAuth(t)
  const isGone = (organizationId: string, userId: string) =>
    auth.isGone({ organizationId, userId }, clock.wallMs())
  assert.deepEqual(
    [
      isGone('acme', 'acme-backend'),
      isGone('acme', 'nobody'),
      isGone('globex', 'alice'),
      isGone('', 'alice'),
    ],
    [false, true, true, true],
  )
  const disabled = {
    ...ALICE,
    id: 'alice',
    username: 'alice',
    passwordHash: '',
    authorities: [],
    enabled: false,
  }
  const current = () => ({
    users: new Map([['alice', disabled]]),
    clients: new Map(),
    organizations: new Map(),
  })
  const revokedUsers = { notBeforeWallMs: () => 0 }
  for (const isForeign of [false, true]) {
    const foreign = { speaksFor: (organizationId: string) => isForeign && organizationId === 'acme' }
    const judge = createIsGone({ directory: { current }, foreign, revokedUsers } as unknown as Options)
    assert.equal(judge(ALICE, 0), !isForeign)
  }
})

type Options = Parameters<typeof createIsGone>[0]
