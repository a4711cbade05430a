import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createLedger,
  doerOf,
  figuresOf,
  holderOf,
  type LedgerBounds,
  senderInto,
  strangerAt,
} from './ledger.ts'

const BOUNDS: LedgerBounds = {
  organizationSharePercent: 50,
  callerSharePercent: 25,
  addressSharePercent: 25,
  linksMax: 1000,
  pendingLinksMax: 400,
  httpConnectionsMax: 100,
  receiptWaitersMax: 1000,
  bulkBytesMax: 10_000_000,
  answerBytesMax: 100_000_000,
  unfinishedBytesMax: 100_000_000,
  auditKindsMax: 1_000,
  writeBytesMax: 100_000_000,
}
const mallory = holderOf({ organizationId: 'evil', userId: 'mallory' })
const eve = holderOf({ organizationId: 'evil', userId: 'eve' })
const vera = holderOf({ organizationId: 'acme', userId: 'vera' })

/** How many `holder` gets, one by one. */
function most(pool: { take(holder: readonly string[]): unknown }, holder: readonly string[]): number {
  let count = 0
  while (pool.take(holder) !== undefined) count++
  return count
}

test('a caller has a quarter, an organization half, and the next one its part of the rest', () => {
  const { links } = createLedger(BOUNDS)
  assert.equal(most(links, mallory), 250)
  assert.ok(most(links, eve) >= 180)
  for (let index = 0; index < 100; index++)
    most(links, holderOf({ organizationId: 'evil', userId: `e${index}` }))
  assert.ok(links.held('organization/evil') <= 500)
  assert.ok(most(links, vera) >= 100)
})

test('an address has a quarter of the connections that have said nothing yet', () => {
  const { pendingLinks } = createLedger(BOUNDS)
  assert.equal(most(pendingLinks, strangerAt('127.0.0.2')), 100)
  assert.ok(most(pendingLinks, strangerAt('127.0.0.1')) >= 60)
})

test('strangers together have half of the lines of the audit log, however many addresses they have', () => {
  const { auditKinds } = createLedger(BOUNDS)
  for (let index = 0; index < 256; index++) most(auditKinds, doerOf(undefined, `198.51.${index}.1`))
  assert.ok(auditKinds.held('strangers') <= 500)
  assert.ok(most(auditKinds, doerOf({ organizationId: 'acme', userId: 'vera' }, '198.51.1.1')) >= 100)
})

test('100 per cent: no share, only the bound', () => {
  const off = { ...BOUNDS, organizationSharePercent: 100, callerSharePercent: 100 }
  const { waiters } = createLedger(off)
  assert.equal(most(waiters, mallory), 1000)
  assert.equal(most(waiters, vera), 0)
})

test('the figures say how much is held, and why somebody was refused', () => {
  const ledger = createLedger(BOUNDS)
  most(ledger.waiters, mallory)
  assert.deepEqual(figuresOf(ledger).get('waiters'), {
    used: 250,
    max: 1000,
    refused: { share: 1, full: 0 },
  })
})

test('what role SERVICE sends into an organization is that one, and of its own share', () => {
  const service = senderInto('acme', { organizationId: null, userId: 'vera' })
  assert.deepEqual(service, ['organization/acme', 'service/vera'])
  assert.deepEqual(senderInto('acme', { organizationId: 'acme', userId: 'vera' }), vera)
})

test('role SERVICE is an organization of its own, whatever organizations are called', () => {
  const service = holderOf({ organizationId: null, userId: 'x' })
  assert.deepEqual(service, ['service/x'])
  assert.notDeepEqual(service, holderOf({ organizationId: 'x', userId: '' }))
})
