import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSending, type Organization, type Principal } from './auth.ts'
import { parseDirectory } from './directory/directory-file.ts'

const alice: Principal = {
  organizationId: 'acme',
  userId: 'alice',
  clientId: 'customer',
  isClient: false,
  authorities: ['ROLE_USER'],
  isService: false,
  expiresAtWallMs: 0,
}
const guest = { ...alice, userId: 'guest', authorities: ['ROLE_GUEST'] }
const backend = { ...alice, userId: 'b', clientId: 'b', isClient: true, authorities: [] }
const service = { ...backend, organizationId: null, isService: true, authorities: ['SERVICE'] }

function acme(send: unknown): Organization | undefined {
  return parseDirectory(JSON.stringify({ organizations: [{ id: 'acme', send }] })).organizations.get('acme')
}

/** Whether `principal` may send an event of each of these types to `userId`. */
function maySend(send: unknown, principal: Principal, userId: string, ...types: string[]): boolean {
  try {
    checkSending(acme(send), principal, { organizationId: 'acme', userId }, types)
    return true
  } catch (error) {
    assert.equal(error instanceof Error && Reflect.get(error, 'code'), 'forbidden')
    return false
  }
}

test('without rules, and where no rule is for the caller, the contract holds', () => {
  for (const send of [undefined, [], [{ authority: 'ROLE_OTHER', to: 'none' }]])
    for (const caller of [alice, guest, backend, service])
      assert.equal(maySend(send, caller, 'bob', 'CallOfferedEvent'), true)
  checkSending(undefined, alice, { organizationId: 'unknown', userId: 'bob' }, ['CallOfferedEvent'])
})

test('to oneself is in one organization, and by the user id', () => {
  const send = [{ to: 'self' }]
  assert.equal(maySend(send, alice, 'alice', 'CallOfferedEvent'), true)
  assert.equal(maySend(send, alice, 'bob', 'CallOfferedEvent'), false)
  assert.equal(maySend(send, { ...alice, organizationId: 'globex' }, 'alice', 'CallOfferedEvent'), false)
})

test('rules that name an authority are its holders’, the others everybody else’s, backends excepted', () => {
  const send = [{ authority: 'ROLE_GUEST', to: 'none' }, { to: 'self' }]
  assert.equal(maySend(send, guest, 'guest', 'CallOfferedEvent'), false)
  assert.equal(maySend(send, alice, 'alice', 'CallOfferedEvent'), true)
  assert.equal(maySend(send, backend, 'bob', 'CallOfferedEvent'), true)
  assert.equal(maySend(send, service, 'bob', 'CallOfferedEvent'), true)
  const named = [{ authority: 'BILLING', to: 'organization', types: ['Invoice*Event'] }]
  const billing = { ...backend, authorities: ['BILLING'] }
  assert.equal(maySend(named, billing, 'bob', 'InvoiceIssuedEvent'), true)
  assert.equal(maySend(named, billing, 'bob', 'CallOfferedEvent'), false)
  assert.equal(maySend([{ authority: 'SERVICE', to: 'none' }], service, 'bob', 'CallOfferedEvent'), false)
})

test('what one of several rules allows is allowed, and every type has to be', () => {
  const send = [{ to: 'organization', types: ['Chat*Event', 'CallOfferedEvent'] }, { to: 'self' }]
  assert.equal(maySend(send, alice, 'bob', 'ChatWrittenEvent'), true)
  assert.equal(maySend(send, alice, 'bob', 'CallOfferedEvent', 'ChatReadEvent'), true)
  assert.equal(maySend(send, alice, 'bob', 'CallOfferedEvent', 'CallCancelledEvent'), false)
  assert.equal(maySend(send, alice, 'alice', 'CallCancelledEvent'), true)
})

test('a pattern fits the whole type', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['CallOfferedEvent', 'CallOfferedEvent', true],
    ['CallOfferedEvent', 'XCallOfferedEvent', false],
    ['Call*', 'CallOfferedEvent', true],
    ['*Call*', 'MyCallOfferedEvent', true],
    ['Call*Event', 'CallEvent', true],
    ['CallEvent*Event', 'CallEvent', false],
    ['*', 'CallOfferedEvent', true],
    ['**', 'CallOfferedEvent', true],
    ['C*l*O*Event', 'CallOfferedEvent', true],
    ['C*O*l*Event', 'CallOfferedEvent', false],
    ['call*', 'CallOfferedEvent', false],
    ['*Offered', 'CallOfferedEvent', false],
  ]
  for (const [pattern, type, expected] of cases)
    assert.equal(
      maySend([{ to: 'organization', types: [pattern] }], alice, 'bob', type),
      expected,
      `${pattern} ${type}`,
    )
})

test('a hundred stars take no longer than they should', () => {
  const pattern = 'A*'.repeat(128)
  assert.equal(
    maySend([{ to: 'organization', types: [pattern] }], alice, 'bob', `${'A'.repeat(127)}BEvent`),
    false,
  )
})

test('rules that are none are refused with their place', () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    ['self', /organizations\[0\]\.send: must be an array/],
    [[{}], /send\[0\]\.to: is missing/],
    [[{ to: 'everyone' }], /send\[0\]\.to: must be one of self, organization, none/],
    [[{ to: 'none', types: ['*'] }], /send\[0\]\.types: goes with/],
    [[{ to: 'self', types: [''] }], /send\[0\]\.types\[0\]: must be an event type/],
    [[{ to: 'self', types: ['Call(a+)+Event'] }], /send\[0\]\.types\[0\]/],
    [[{ to: 'self', authority: 'not visible' }], /send\[0\]\.authority/],
    [[{ to: 'self', authorities: [] }], /send\[0\]\.authorities: is not known/],
  ]
  for (const [send, message] of cases) assert.throws(() => acme(send), message)
})
