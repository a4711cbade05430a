import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { FakeDisk } from '../../../../../test/helpers/fake-disk.ts'
import { createDice, type Dice } from '../../../../../test/sim/dice.ts'
import { HISTORY_BOUNDS } from '../../bounds.ts'
import type { HistoryRecord, Outcome, RegistrationKey, Store } from '../../store.ts'
import { openEmbeddedStore } from '../assembly.ts'
import { reconcileHistory } from '../repair/reconcile-history.ts'
import { ownersBytes, readOwners } from './history-owners.ts'

const DAY_MS = 86_400_000
const BYTES_MAX = 1024 * 1024
const TABLES = [
  'history',
  'historyIndex',
  'historyOwners',
  'historyShares',
  'outcomes',
  'eventAnswers',
] as const
const OUTCOMES = ['sent', 'acknowledged', 'expired'] as const

type Sent = {
  readonly eventId: string
  readonly registration: RegistrationKey
  readonly sequence: number
  readonly noted: Outcome[]
  /** As it was first listed. */
  recordId?: number
  answer?: string
}

/** A store on a disk that can crash, and what it was told of each organization, oldest first. */
class World {
  readonly clock = createFakeClock()
  readonly disk = new FakeDisk()
  readonly sent = new Map<string, Sent[]>()
  readonly #percent: number
  #rows = this.disk.open()
  #store: Store | undefined
  #events = 0

  constructor(percent = 50) {
    this.#percent = percent
  }

  get store(): Store {
    assert.ok(this.#store)
    return this.#store
  }

  async open(): Promise<this> {
    this.#rows = this.disk.open()
    const historyBounds = { ...HISTORY_BOUNDS, bytesMax: BYTES_MAX, organizationSharePercent: this.#percent }
    this.#store = await openEmbeddedStore({ rows: this.#rows, clock: this.clock, historyBounds })
    return this
  }

  async crash(): Promise<void> {
    await this.clock.advance(500)
    this.#rows.die()
    await this.open()
  }

  async reopen(): Promise<void> {
    await this.store.close()
    await this.open()
  }

  async register(organizationId: string): Promise<void> {
    const user = { organizationId, userId: 'alice' }
    const request = { ...user, userEndpointId: 'phone', keepAliveSeconds: 86_400, authorizedUntilWallMs: 0 }
    await this.store.registrations.register({ ...request, serverKeepAliveReminderOn: false }, 1)
  }

  /** Sends an event that is appended where the organization has registered, and that may be answered. */
  async send(organizationId: string, bytes: number, qos: 0 | 1): Promise<Sent> {
    const eventId = `${organizationId} ${this.#events++}`
    const user = { organizationId, userId: 'alice' }
    const acceptedAtWallMs = this.clock.wallMs()
    const record = {
      ...{ ...user, eventId, type: 'CallOfferedEvent', qos, acceptedAtWallMs, senderId: 'backend' },
      event: Buffer.alloc(bytes, eventId),
    }
    let entry = { registration: { ...user, userEndpointId: 'phone', registrationId: 0 }, sequence: 0 }
    if (qos === 0) this.store.history.add(record, [])
    else {
      const event = { eventId, payload: Buffer.from('x'), sealed: false, acceptedAtWallMs }
      const request = { ...user, event, record, eventsMax: 1e6, bytesMax: 1e9 }
      const { accepted } = await this.store.mailboxes.append(request)
      entry = accepted[0] ?? entry
    }
    const { registration, sequence } = entry
    const sent: Sent = { eventId, registration, sequence, noted: [] }
    const all = this.sent.get(organizationId) ?? []
    this.sent.set(organizationId, all)
    all.push(sent)
    return sent
  }

  note({ registration, sequence, noted }: Sent, outcome: Outcome): void {
    if (sequence === 0) return
    const isOver = noted.some((one) => one !== 'sent')
    if (!isOver && !noted.includes(outcome)) noted.push(outcome)
    this.store.history.note({ registration, sequence }, outcome)
  }

  /** Answers an event as its endpoint would; only what was listed before can be. */
  async answer(organizationId: string, sent: Sent, answer: string): Promise<void> {
    const { eventId, recordId } = sent
    if (recordId === undefined || sent.answer !== undefined) return
    const { store } = this
    const nowWallMs = this.clock.wallMs()
    const call = {
      ...{ eventId, senderId: 'backend', qos: 0 as const, recordId, endsAtWallMs: nowWallMs + 1e9 },
      ...{ masks: [], userEndpointIds: ['phone'], answeredBy: undefined },
    }
    const user = { organizationId, userId: 'alice', userEndpointId: 'phone' }
    const bounds = { eventsMax: 1e6, bytesMax: 1e9 }
    const request = { ...user, call, answer: Buffer.from(answer) }
    const outcome = await store.calls.answer(request, bounds)
    assert.equal(outcome.kind, 'answered')
    if (outcome.kind !== 'answered') return
    await outcome.durable
    sent.answer = answer
  }

  async kept(organizationId: string | undefined): Promise<readonly HistoryRecord[]> {
    const all: HistoryRecord[] = []
    for (let before: number | undefined; ; ) {
      const query = organizationId === undefined ? {} : { organizationId }
      const { records, next } = await this.store.history.list(query, before, 100)
      all.push(...records)
      if (next === undefined) return all
      before = next
    }
  }

  /** Each organization has its newest records, whole and without a gap. Returns how many of how many. */
  async judge(): Promise<ReadonlyMap<string, { readonly kept: number; readonly sent: number }>> {
    const figures = new Map<string, { readonly kept: number; readonly sent: number }>()
    let total = 0
    for (const [organizationId, sent] of this.sent) {
      const kept = await this.kept(organizationId)
      const newest = sent.slice(sent.length - kept.length).reverse()
      assert.deepEqual(
        kept.map(({ eventId }) => eventId),
        newest.map(({ eventId }) => eventId),
        organizationId,
      )
      for (const [index, record] of kept.entries()) assertWhole(record, newest[index])
      figures.set(organizationId, { kept: kept.length, sent: sent.length })
      total += kept.length
    }
    assert.equal((await this.kept(undefined)).length, total)
    return figures
  }

  /** What is on disk, and what the store reckons it to be. */
  async assertReckoned(): Promise<void> {
    const values = TABLES.flatMap((table) => [...this.disk.table(table).values()])
    const onDisk = values.reduce((sum, value) => sum + value.length, 0)
    const bytes = await this.store.history.bytes()
    assert.ok(bytes <= BYTES_MAX, `${bytes} bytes are reckoned`)
    assert.ok(onDisk <= bytes + 40_000, `${onDisk} bytes on disk, ${bytes} reckoned`)
    const owned = (await this.bytesOfEach()).reduce((sum, own) => sum + own, 0)
    assert.ok(owned <= bytes + 100_000, `${owned} bytes are somebody's, of ${bytes}`)
  }

  bytesOfEach(): Promise<readonly number[]> {
    return Promise.all([...this.sent.keys()].map((id) => this.store.history.bytes(id)))
  }

  rows(): number {
    return TABLES.reduce((sum, table) => sum + this.disk.table(table).size, 0)
  }

  /** Nothing is left of anything. */
  async assertAllGoes(): Promise<void> {
    await this.clock.stall(7 * DAY_MS)
    for (let round = 0; round < 40 && this.rows() > 1; round++) await this.clock.advance(1000)
    assert.ok(this.rows() <= 1, `${this.rows()} rows are left`)
    assert.equal(await this.store.history.bytes(), 0)
    for (const id of this.sent.keys()) assert.equal(await this.store.history.bytes(id), 0, id)
  }
}

function assertWhole(record: HistoryRecord, sent: Sent | undefined): void {
  assert.ok(sent)
  assert.ok(Buffer.from(record.event).equals(Buffer.alloc(record.event.byteLength, record.eventId)))
  sent.recordId ??= record.recordId
  assert.equal(record.recordId, sent.recordId, record.eventId)
  const { answer } = record.answered ?? {}
  assert.equal(answer === undefined ? undefined : Buffer.from(answer).toString(), sent.answer)
  if (sent.sequence === 0) return
  const outcomes = record.endpoints[0]?.at.map(({ outcome }) => outcome)
  assert.deepEqual(outcomes, ['queued', ...sent.noted], record.eventId)
}

const ORGANIZATIONS = ['acme', 'acme', 'evil', 'evil', 'evil', 'globex', '__proto__']

type Step =
  | {
      readonly kind: 'send'
      readonly organization: string
      readonly bytes: number
      readonly times: number
      readonly qos: 0 | 1
    }
  | {
      readonly kind: 'note'
      readonly organization: string
      readonly from: number
      readonly outcome: Outcome
    }
  | {
      readonly kind: 'answer'
      readonly organization: string
      readonly ago: number
      readonly bytes: number
    }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'crash' }
  | { readonly kind: 'reopen' }

function anyStep({ pick, roll }: Dice): Step {
  const organization = pick(ORGANIZATIONS)
  const chance = roll(56)
  if (chance < 30) {
    const bytes = pick([10, 200, 3000, 40_000])
    return { kind: 'send', organization, bytes, times: 1 + roll(60), qos: pick([0, 1]) }
  }
  if (chance < 40) return { kind: 'note', organization, from: roll(400), outcome: pick(OUTCOMES) }
  if (chance < 46) return { kind: 'answer', organization, ago: roll(100), bytes: pick([2, 5000]) }
  return chance < 54
    ? { kind: 'wait', ms: pick([50, 300, 2000]) }
    : pick([{ kind: 'crash' }, { kind: 'reopen' }])
}

async function take(world: World, one: Step): Promise<void> {
  if (one.kind === 'crash') return world.crash()
  if (one.kind === 'reopen') return world.reopen()
  if (one.kind === 'wait') return world.clock.advance(one.ms)
  if (one.kind === 'answer') {
    await world.judge()
    const sent = world.sent.get(one.organization)?.at(-1 - one.ago)
    if (sent !== undefined) await world.answer(one.organization, sent, 'a'.repeat(one.bytes))
    return
  }
  if (one.kind === 'note') {
    const sent = world.sent.get(one.organization) ?? []
    for (const noted of sent.slice(-one.from - 20, sent.length - one.from)) world.note(noted, one.outcome)
    return
  }
  const sends = Array.from({ length: one.times }, () => world.send(one.organization, one.bytes, one.qos))
  await Promise.all(sends)
  await world.clock.advance(100)
}

async function assertHolds(dice: Dice, name: string): Promise<void> {
  const world = await new World().open()
  for (const id of ['acme', 'evil']) await world.register(id)
  try {
    for (let count = 60 + dice.roll(60); count > 0; count--) await take(world, anyStep(dice))
    await world.clock.advance(3000)
    await world.judge()
    await world.assertReckoned()
    const before = await world.bytesOfEach()
    await world.crash()
    assert.deepEqual(await world.bytesOfEach(), before)
    await world.judge()
    await world.assertAllGoes()
  } catch (error) {
    throw new Error(name, { cause: error })
  } finally {
    await world.store.close()
  }
}

describe('a shared history', () => {
  it('keeps of everybody the newest, whole, within its bytes, whatever comes in whatever order', async () => {
    for (let seed = 1; seed <= 12; seed++) await assertHolds(createDice(seed), `seed ${seed}`)
  })

  it('leaves what may still come of a record, and notes nothing about what is gone', async () => {
    const world = await new World().open()
    for (const id of ['acme', 'evil']) await world.register(id)
    const few: Sent[] = []
    const many: Sent[] = []
    for (let round = 0; round < 36; round++) {
      const half = () => Array.from({ length: 100 }, () => world.send('evil', 400, 1))
      const sent = await Promise.all(half())
      if (round % 6 === 0) few.push(await world.send('acme', 100, 1))
      sent.push(...(await Promise.all(half())))
      many.push(...sent)
      for (const one of [...few.slice(-1), ...sent]) world.note(one, 'sent')
      await world.clock.advance(300)
    }
    await world.clock.advance(1000)
    const { kept = 0, sent } = (await world.judge()).get('evil') ?? {}
    assert.ok(kept > 800 && kept < 2500, `${kept} of ${sent}`)
    assert.equal((await world.judge()).get('acme')?.kept, 6, 'rewritten, with what is still open')
    const pages = world.disk.table('outcomes').size
    for (const one of [...few, ...many]) world.note(one, 'acknowledged')
    await world.clock.advance(1000)
    assert.ok(world.disk.table('outcomes').size <= pages, 'no page comes back for what was dropped')
    await world.assertReckoned()
    await world.crash()
    await world.judge()
    await world.assertAllGoes()
    await world.store.close()
  })

  it('has as many bytes as before a flood once the flood is gone, however small its events are', async () => {
    const world = await new World().open()
    for (let round = 0; round < 300; round++) {
      await world.send('acme', 300, 0)
      for (let event = 0; event < 100; event++) await world.send('evil', 20, 0)
      await world.clock.advance(100)
    }
    await world.clock.advance(2000)
    assert.equal((await world.judge()).get('acme')?.kept, 300, 'of 30,000 events among which they were')
    await world.assertReckoned()
    await world.store.close()
  })

  it('keeps to its bytes beside a hundred organizations that all have as much', async () => {
    const world = await new World().open()
    for (let round = 0; round < 40; round++) {
      for (let event = 0; event < 300; event++) await world.send(`org ${event % 100}`, 300, 0)
      await world.clock.advance(250)
      const bytes = await world.store.history.bytes()
      assert.ok(bytes < BYTES_MAX + 350_000, `${bytes} bytes in round ${round}`)
    }
    await world.clock.advance(1000)
    await world.assertReckoned()
    assert.ok((await world.store.history.bytes()) > BYTES_MAX / 2)
    const kept = [...(await world.judge()).values()].map((figures) => figures.kept)
    assert.ok(Math.min(...kept) > 5 && Math.max(...kept) < 40, kept.join(' '))
    await world.store.close()
  })

  it('goes by age alone where organizations have no shares', async () => {
    const world = await new World(100).open()
    await world.send('acme', 300, 0)
    for (let round = 0; round < 10; round++) {
      for (let event = 0; event < 10; event++) await world.send('evil', 20_000, 0)
      await world.clock.advance(300)
    }
    assert.equal((await world.judge()).get('acme')?.kept, 0)
    assert.equal(world.store.gauges.evicted().historyBytes, 0)
    await world.store.close()
  })

  it('tells whose the history of a former version is, and shares it', async () => {
    const world = await new World().open()
    await world.register('acme')
    for (let round = 0; round < 12; round++) {
      const noted = await world.send('acme', 3000, 1)
      world.note(noted, 'acknowledged')
      for (let event = 0; event < 8; event++) await world.send('evil', 8000, 0)
      await world.clock.advance(300)
    }
    await world.judge()
    await world.answer('acme', world.sent.get('acme')?.[2] ?? assert.fail(), 'yes')
    await world.store.close()
    forgetWhose(world.disk)
    await world.open()
    assert.ok((await world.store.history.bytes('evil')) < 100_000, 'it is not known yet')
    await world.clock.advance(10_000)
    assert.ok((await world.store.history.bytes('evil')) > 700_000, 'it is now')
    for (let event = 0; event < 300; event++) {
      await world.send('evil', 20_000, 0)
      if (event % 10 === 9) await world.clock.advance(300)
    }
    await world.clock.advance(1000)
    assert.equal((await world.judge()).get('acme')?.kept, 12)
    await world.assertReckoned()
    await world.crash()
    assert.equal((await world.judge()).get('acme')?.kept, 12)
    await world.assertAllGoes()
    await world.store.close()
  })

  it('a former history of which it is not known yet whose it is goes by age, within the bound', async () => {
    const world = await new World().open()
    for (let event = 0; event < 45; event++) await world.send('acme', 20_000, 0)
    await world.clock.advance(300)
    await world.store.close()
    forgetWhose(world.disk)
    await world.open()
    for (let event = 0; event < 100; event++) await world.send('evil', 20_000, 0)
    await world.clock.advance(250)
    await world.clock.advance(250)
    await world.assertReckoned()
    assert.ok(((await world.judge()).get('acme')?.kept ?? 0) > 10, 'half of it at least')
    await world.store.close()
  })

  it('is whole again after a repair, also where parts of it went before', async () => {
    const world = await new World().open()
    await world.register('acme')
    for (let round = 0; round < 60; round++) {
      world.note(await world.send('acme', 300, 1), 'acknowledged')
      for (let event = 0; event < 8; event++) await world.send('evil', 8000, 0)
      await world.clock.advance(300)
    }
    const before = await world.judge()
    await world.store.close()
    await reconcileHistory(world.disk.open())
    await world.open()
    assert.deepEqual(await world.judge(), before)
    await world.clock.advance(10_000)
    assert.deepEqual(await world.judge(), before)
    await world.assertReckoned()
    await world.assertAllGoes()
    await world.store.close()
  })
})

/** Makes of a disk what a former version would have left. */
function forgetWhose(disk: FakeDisk): void {
  const owners = [...disk.table('historyOwners').values()].map((value) => readOwners(0, value).owners)
  for (const table of ['historyOwners', 'historyShares'] as const) disk.table(table).clear()
  const key = Buffer.from('history').toString('hex')
  const state = Buffer.from(disk.table('meta').get(key) ?? '').subarray(0, 80)
  const bytes = state.readDoubleBE(48) - owners.reduce((sum, one) => sum + ownersBytes(one), 0)
  state.writeDoubleBE(bytes, 48)
  disk.table('meta').set(key, state)
}
