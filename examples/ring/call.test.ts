import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Input, step } from './call.ts'
import { NEW_PHONE, type Phone, type Send, type Step } from './call-state.ts'
import type { Signal } from './signals.ts'

const NOW_MS = Date.parse('2026-01-01T12:00:00Z')

/** A tab: what it is, what it has sent, and the time there. */
class Tab {
  phone: Phone = NEW_PHONE
  sent: Send[] = []
  answers: NonNullable<Step['answers']>[] = []
  readonly userId: string
  readonly endpointId: string

  constructor(userId: string, endpointId: string) {
    this.userId = userId
    this.endpointId = endpointId
  }

  do(input: Input, nowMs = NOW_MS): this {
    const { userId, endpointId } = this
    const me = { userId, endpointId, ringSeconds: 30, nowMs }
    const { phone, sends, answers } = step(this.phone, input, me)
    this.phone = phone
    this.sent.push(...sends)
    if (answers !== undefined) this.answers.push(answers)
    return this
  }

  hear(signal: Signal, nowMs = NOW_MS): this {
    return this.do({ kind: 'signal', signal }, nowMs)
  }

  get is(): string {
    return this.phone.call.kind
  }

  get notice(): string | undefined {
    return this.phone.notice?.kind
  }
}

/** Delivers everything that was sent, and what is sent because of it, and says who was first to answer, as Rollcall does. */
function deliver(...tabs: readonly Tab[]): void {
  const winners = new Map<string, Tab>()
  for (let rounds = 0; rounds < 20; rounds++) {
    const sends = tabs.flatMap((tab) => tab.sent.splice(0))
    const answers = tabs.flatMap((tab) => tab.answers.splice(0).map(({ callId }) => ({ tab, callId })))
    if (sends.length === 0 && answers.length === 0) return
    for (const { tab, callId } of answers) judge(winners, tab, callId, tabs)
    for (const { to, endpoint, signal } of sends)
      for (const tab of tabs)
        if (tab.userId === to && (endpoint ?? tab.endpointId) === tab.endpointId) tab.hear(stamped(signal))
  }
  assert.fail('they never stop talking')
}

/** The first has it, and the others that were sent the offer hear so. */
function judge(winners: Map<string, Tab>, tab: Tab, callId: string, tabs: readonly Tab[]): void {
  const winner = winners.get(callId) ?? tab
  tab.do({ kind: 'answered', callId, is: winner === tab ? 'first' : 'elsewhere' })
  if (winners.has(callId)) return
  winners.set(callId, tab)
  for (const other of tabs)
    if (other.userId === tab.userId && other !== tab) other.hear({ type: 'CallTakenEvent', callId })
}

function stamped(signal: Send['signal']): Signal {
  return signal.type === 'CallOfferedEvent'
    ? { ...signal, eventId: `event of ${signal.callId}`, timestamp: new Date(NOW_MS).toISOString() }
    : signal
}

const offer = (more: { callId?: string; timestamp?: string; ringSeconds?: number } = {}): Signal => ({
  type: 'CallOfferedEvent',
  callId: 'call',
  from: 'alice',
  fromEndpoint: 'a1',
  ringSeconds: 30,
  eventId: 'event',
  timestamp: '2026-01-01T12:00:00Z',
  ...more,
})

const alice = (): Tab => new Tab('alice', 'a1')
const bob = (endpointId = 'b1'): Tab => new Tab('bob', endpointId)
const calling = (): Tab => alice().do({ kind: 'ring', callId: 'call', peer: 'bob' })
const receipt = (count: number, acknowledged?: number): Input => ({
  kind: 'receipt',
  callId: 'call',
  count,
  acknowledged,
})

/** Alice rings both of Bob's tabs. */
function ringing() {
  const tabs = [calling(), bob('b1'), bob('b2')] as const
  deliver(...tabs)
  tabs[0].do(receipt(2, 2))
  return tabs
}

describe('a call between tabs', () => {
  it('is offered, answered, and ends at both sides', () => {
    const [a, b1, b2] = ringing()
    assert.deepEqual([a.is, b1.is, b2.is], ['ringing', 'incoming', 'incoming'])
    b1.do({ kind: 'answer' })
    assert.equal(b1.is, 'answering')
    deliver(a, b1, b2)
    assert.deepEqual([a.is, b1.is, b2.is], ['connected', 'connected', 'idle'])
    assert.equal(b2.notice, 'answered_elsewhere')
    a.do({ kind: 'hang_up' })
    deliver(a, b1, b2)
    assert.deepEqual([a.notice, b1.notice, b2.notice], ['ended', 'ended', 'answered_elsewhere'])
  })

  it('is given to one of two tabs that answer in the same moment', () => {
    const [a, b1, b2] = ringing()
    b2.do({ kind: 'answer' })
    b1.do({ kind: 'answer' })
    deliver(a, b1, b2)
    assert.deepEqual([a.is, b1.is, b2.is].toSorted(), ['connected', 'connected', 'idle'])
    assert.ok(a.phone.call.kind === 'connected')
    const winner = a.phone.call.peerEndpoint === 'b1' ? b1 : b2
    assert.equal(winner.is, 'connected')
  })

  it('is declined everywhere by one tab', () => {
    const [a, b1, b2] = ringing()
    b1.do({ kind: 'decline' })
    deliver(a, b1, b2)
    assert.deepEqual([a.is, b1.is, b2.is], ['idle', 'idle', 'idle'])
    assert.deepEqual([a.notice, b1.notice, b2.notice], ['declined', undefined, 'declined_elsewhere'])
  })

  it('stops everywhere when the caller cancels', () => {
    const [a, b1, b2] = ringing()
    a.do({ kind: 'hang_up' })
    deliver(a, b1, b2)
    assert.deepEqual([a.notice, b1.notice, b2.notice], [undefined, 'missed', 'missed'])
  })

  it('ends for the caller when it is hung up before anybody knows who was first', () => {
    const [a, b1, b2] = ringing()
    b1.do({ kind: 'answer' }).do({ kind: 'hang_up' })
    deliver(a, b1, b2)
    assert.deepEqual([a.is, b1.is, b2.is], ['idle', 'idle', 'idle'])
  })

  it('meets busy where both ring each other', () => {
    const [a, b] = [calling(), bob().do({ kind: 'ring', callId: 'other', peer: 'alice' })]
    deliver(a, b)
    assert.deepEqual([a.notice, b.notice], ['busy', 'busy'])
  })

  it('does not disturb another', () => {
    const [a, b1, b2] = ringing()
    b1.do({ kind: 'answer' })
    deliver(a, b1, b2)
    const second = new Tab('alice', 'a2').do({ kind: 'ring', callId: 'second', peer: 'bob' })
    deliver(a, b1, b2, second)
    assert.deepEqual([second.is, second.notice], ['idle', 'busy'])
    assert.deepEqual([a.is, b1.is, b2.is], ['connected', 'connected', 'idle'])
  })
})

describe('a caller', () => {
  it('learns that nobody is registered, and tells nobody', () => {
    const a = calling()
    a.sent = []
    a.do(receipt(0, 0))
    assert.deepEqual([a.notice, a.sent], ['not_registered', []])
  })

  it('learns that no device has the offer, and takes it back', () => {
    const a = calling().do(receipt(2, 0))
    assert.equal(a.notice, 'no_device')
    assert.deepEqual(a.sent.at(-1), {
      to: 'bob',
      signal: { type: 'CallEndedEvent', callId: 'call', reason: 'unavailable' },
    })
  })

  it('goes on calling where the receipts are not known', () => {
    assert.equal(calling().do(receipt(1)).is, 'calling')
  })

  it('takes an answer that is quicker than the receipt', () => {
    const a = calling()
    const answered: Signal = { type: 'CallAnsweredEvent', callId: 'call', endpoint: 'b1' }
    assert.equal(a.hear(answered).do(receipt(1, 1)).is, 'connected')
  })

  it('gives up at the deadline, and not before', () => {
    const [a] = ringing()
    a.do({ kind: 'tick' }, NOW_MS + 29_999)
    assert.equal(a.is, 'ringing')
    a.do({ kind: 'tick' }, NOW_MS + 30_000)
    assert.equal(a.notice, 'no_answer')
    assert.deepEqual(a.sent.at(-1)?.signal, { type: 'CallEndedEvent', callId: 'call', reason: 'no_answer' })
  })

  it('is too late with an answer after the deadline, also where no timer has run', () => {
    const [a] = ringing()
    a.hear({ type: 'CallAnsweredEvent', callId: 'call', endpoint: 'b1' }, NOW_MS + 30_000)
    assert.deepEqual([a.is, a.notice], ['idle', 'no_answer'])
  })

  it('is told what could not be sent', () => {
    const a = calling().do({ kind: 'failed', callId: 'call', text: 'no network' })
    assert.deepEqual(a.phone.notice, { kind: 'failed', peer: 'bob', text: 'no network' })
  })

  it('rings one at a time', () => {
    const a = calling().do({ kind: 'ring', callId: 'other', peer: 'carol' })
    assert.ok(a.phone.call.kind === 'calling')
    assert.equal(a.phone.call.callId, 'call')
  })
})

describe('a tab that is called', () => {
  it('stops by itself where the caller has died', () => {
    const b = bob().hear(offer())
    assert.equal(b.do({ kind: 'tick' }, NOW_MS + 29_999).is, 'incoming')
    assert.equal(b.do({ kind: 'tick' }, NOW_MS + 30_000).notice, 'missed')
  })

  it('rings only for what is left of an offer that has waited', () => {
    const b = bob().hear(offer(), NOW_MS + 20_000)
    assert.equal(b.do({ kind: 'tick' }, NOW_MS + 29_999).is, 'incoming')
    assert.equal(b.do({ kind: 'tick' }, NOW_MS + 30_000).is, 'idle')
  })

  it('rings for a moment where the clocks disagree, and never for longer than the ring', () => {
    const late = bob().hear(offer(), NOW_MS + 3_600_000)
    assert.equal(late.do({ kind: 'tick' }, NOW_MS + 3_604_999).is, 'incoming')
    assert.equal(late.do({ kind: 'tick' }, NOW_MS + 3_605_000).is, 'idle')
    const early = bob().hear(offer(), NOW_MS - 3_600_000)
    assert.equal(early.do({ kind: 'tick' }, NOW_MS - 3_570_000).is, 'idle')
  })

  it('does not ring for a call whose end has overtaken its offer', () => {
    const b = bob().hear({ type: 'CallEndedEvent', callId: 'call', reason: 'cancelled' }).hear(offer())
    assert.equal(b.is, 'idle')
  })

  it('ignores what it does not know, and what is over', () => {
    const b = bob().hear(offer()).do({ kind: 'hang_up' })
    assert.deepEqual([b.is, b.sent], ['idle', []])
    for (const callId of ['call', 'unknown'])
      b.hear({ type: 'CallTakenEvent', callId })
        .hear({ type: 'CallAnsweredEvent', callId, endpoint: 'b1' })
        .hear({ type: 'CallBusyEvent', callId })
    b.hear(offer())
    assert.deepEqual([b.is, b.notice, b.sent], ['idle', undefined, []])
  })

  it('takes an offer that comes twice for one', () => {
    const b = bob().hear(offer()).hear(offer())
    assert.deepEqual([b.is, b.sent], ['incoming', []])
  })

  it('answers the event that the offer came as, and only then', () => {
    const b = bob().hear(offer())
    assert.deepEqual(b.answers, [])
    b.do({ kind: 'answer' }).do({ kind: 'answer' })
    assert.deepEqual([b.answers, b.sent], [[{ callId: 'call', eventId: 'event' }], []])
  })

  for (const [is, notice] of [
    ['elsewhere', 'answered_elsewhere'],
    ['gone', 'missed'],
  ] as const)
    it(`stops where its answer is told ${is}, and says nothing to the caller`, () => {
      const b = bob().hear(offer()).do({ kind: 'answer' }).do({ kind: 'answered', callId: 'call', is })
      assert.deepEqual([b.is, b.notice, b.sent], ['idle', notice, []])
    })

  it('has the call as the first, and tells the caller which tab that is', () => {
    const b = bob().hear(offer()).do({ kind: 'answer' }).do({ kind: 'answered', callId: 'call', is: 'first' })
    assert.equal(b.is, 'connected')
    const signal = { type: 'CallAnsweredEvent', callId: 'call', endpoint: 'b1' }
    assert.deepEqual(b.sent, [{ to: 'alice', endpoint: 'a1', signal }])
  })

  it('stops by a word from Rollcall, also before its own answer is judged', () => {
    const taken: Signal = { type: 'CallTakenEvent', callId: 'call' }
    for (const b of [bob().hear(offer()), bob().hear(offer()).do({ kind: 'answer' })])
      assert.equal(b.hear(taken).notice, 'answered_elsewhere')
  })

  it('gives up when nobody says what came of its answer', () => {
    const b = bob().hear(offer()).do({ kind: 'answer' })
    assert.equal(b.do({ kind: 'tick' }, NOW_MS + 9_999).is, 'answering')
    assert.equal(b.do({ kind: 'tick' }, NOW_MS + 10_000).notice, 'no_reply')
  })

  it('gives up at once where the caller is not registered any more', () => {
    const b = bob().hear(offer()).do({ kind: 'answer' }).do({ kind: 'answered', callId: 'call', is: 'first' })
    assert.equal(b.do(receipt(1)).is, 'connected')
    assert.equal(b.do(receipt(0)).notice, 'no_reply')
  })

  it('is told apart from a caller: it cannot be answered, and nobody answers by ringing', () => {
    const b = bob().do({ kind: 'answer' }).do({ kind: 'decline' })
    assert.deepEqual([b.is, b.sent], ['idle', []])
    b.hear(offer()).hear({ type: 'CallAnsweredEvent', callId: 'call', endpoint: 'x' })
    assert.equal(b.is, 'incoming')
  })

  it('loses its call with its registration', () => {
    const b = bob().hear(offer()).do({ kind: 'lost' })
    assert.deepEqual([b.is, b.notice], ['idle', 'lost'])
    assert.equal(bob().do({ kind: 'lost' }).notice, undefined)
  })

  it('remembers only so many calls that are over', () => {
    const b = bob()
    for (let call = 0; call < 200; call++)
      b.hear({ type: 'CallEndedEvent', callId: `call-${call}`, reason: 'cancelled' })
    assert.equal(b.phone.over.length, 50)
    assert.equal(b.phone.over.at(-1), 'call-199')
  })
})
