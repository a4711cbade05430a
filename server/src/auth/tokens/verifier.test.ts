import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forge } from '../../../../test/helpers/auth-fixture.ts'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import type { TokenFacts, TrustedIssuer } from './trusted-issuer.ts'
import { createVerifier } from './verifier.ts'

const facts: TokenFacts = {
  principal: {
    organizationId: 'acme',
    userId: 'alice',
    clientId: 'customer',
    isClient: false,
    authorities: [],
    isService: false,
    expiresAtWallMs: 0,
  },
  notBeforeWallMs: 0,
  issuedAtWallMs: 0,
  own: undefined,
}

/** An issuer whose answer comes when the test says so. */
function slowIssuer() {
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = []
  const issuer: TrustedIssuer = {
    checkSignature: () => new Promise((resolve, reject) => waiting.push({ resolve, reject })),
    read: () => facts,
  }
  return { issuer, waiting }
}

test('one check serves everybody who waits, and is remembered', async () => {
  const { issuer, waiting } = slowIssuer()
  const verifier = createVerifier(() => issuer)
  const token = forge(createFakeClock())
  const both = Promise.all([verifier.verify(token, 'somewhere'), verifier.verify(token, 'somewhere')])
  assert.equal(waiting.length, 1)
  waiting[0]?.resolve()
  const [first, second] = await both
  assert.equal(first, second)
  assert.equal(verifier.known(token), first)
})

test('a failed check is not remembered: the key may be known by the next time', async () => {
  const { issuer, waiting } = slowIssuer()
  const verifier = createVerifier(() => issuer)
  const token = forge(createFakeClock())
  const failing = verifier.verify(token, 'somewhere')
  waiting[0]?.reject(new Error('no'))
  await assert.rejects(failing)
  assert.equal(verifier.known(token), undefined)
  const succeeding = verifier.verify(token, 'somewhere')
  waiting[1]?.resolve()
  await succeeding
})

test('a key withdrawn while a token is checked leaves that token unremembered', async () => {
  const { issuer, waiting } = slowIssuer()
  const verifier = createVerifier(() => issuer)
  const token = forge(createFakeClock())
  const checking = verifier.verify(token, 'somewhere')
  verifier.forgetAll()
  waiting[0]?.resolve()
  await checking
  assert.equal(verifier.known(token), undefined)
})
