import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PEER } from '../../../../test/helpers/link-peer.ts'
import { REGISTRATION } from '../../../../test/helpers/registration.ts'
import type { MailboxEntry } from '../../store/store.ts'
import type { Link, LinkCloseReason, OutboundEvent } from './link.ts'
import { Outbox, type OutboxContext } from './outbox.ts'

/** A link with `quota` places, and a mailbox whose reads resolve only when told to. */
function setup(quota: number) {
  const mailbox = new Map<number, Uint8Array>()
  const sent: { sequence: number; acknowledge: () => void }[] = []
  const settled: string[] = []
  /** Handed to the link, as the history hears of it. */
  const noted: number[] = []
  const ends = new Map<number, number>()
  const claimed: number[] = []
  let nowWallMs = 0
  let free = quota
  let reads: (() => void)[] = []
  let isFailing = false
  const read = (after: number): readonly MailboxEntry[] =>
    [...mailbox]
      .filter(([sequence]) => sequence > after)
      .sort(([a], [b]) => a - b)
      .map(([sequence, payload]) => ({
        sequence,
        payload,
        eventId: String(sequence),
        sealed: false,
        acceptedAtWallMs: 0,
        ...(ends.has(sequence) ? { mustBeClaimed: true as const } : {}),
      }))
  const context: OutboxContext = {
    mailboxes: {
      take: (_registration, _link, after) =>
        new Promise((resolve, reject) => {
          // What is there is decided when the read begins, as in a store whose answer is on its way.
          const page = read(after).slice(0, 3)
          reads.push(() => (isFailing ? reject(new Error('down')) : resolve(page)))
        }),
      async claim({ sequence }) {
        if (!mailbox.has(sequence)) return 'gone'
        if (nowWallMs < (ends.get(sequence) ?? Number.POSITIVE_INFINITY)) {
          claimed.push(sequence)
          return 'in_flight'
        }
        mailbox.delete(sequence)
        return 'expired'
      },
    },
    links: {
      attach: async () => true,
      detach: async () => void settled.push('detached'),
    },
    open: (_, entry) => (entry.payload.length === 0 ? undefined : entry.payload),
    onSent: ({ sequence }) => noted.push(sequence),
    onEnding({ sequence }, ending) {
      mailbox.delete(sequence)
      settled.push(ending)
    },
    onLapsed: () => settled.push('expired'),
    onFailed: () => settled.push('read failed'),
    onDetached: () => undefined,
    onLeft: () => undefined,
  }
  const link: Link = {
    peer: PEER,
    send({ payload, qos, acknowledged }: OutboundEvent) {
      if (qos === 1 && free === 0) return false
      if (qos === 1) free--
      sent.push({
        sequence: Number(Buffer.from(payload).toString()),
        acknowledge() {
          free++
          acknowledged?.()
          outbox.resume()
        },
      })
      return true
    },
    hasRoom: () => free > 0,
    close: (reason: LinkCloseReason) => void settled.push(reason),
  }
  const outbox = new Outbox(1, REGISTRATION, link, context)
  return {
    outbox,
    settled,
    mailbox,
    sequences: () => sent.map(({ sequence }) => sequence),
    acknowledge: (sequence: number) => sent.findLast((event) => event.sequence === sequence)?.acknowledge(),
    put: (sequence: number) => mailbox.set(sequence, Buffer.from(String(sequence))),
    append(sequence: number): boolean | Promise<boolean> {
      const follows = Math.max(0, ...mailbox.keys())
      this.put(sequence)
      return outbox.push({ sequence, follows }, this.pushed(sequence))
    },
    pushed: (sequence: number) => ({
      eventId: String(sequence),
      bytes: Buffer.from(String(sequence)),
      acceptedAtMs: 0,
      mustBeClaimed: ends.has(sequence),
    }),
    ends,
    claimed,
    noted,
    passTo(wallMs: number) {
      nowWallMs = wallMs
    },
    fail(on: boolean) {
      isFailing = on
    },
    /** Lets every read that waits, and those that follow from it, resolve. */
    async settleReads() {
      do {
        const waiting = reads
        reads = []
        for (const resolve of waiting) resolve()
        for (let turn = 0; turn < 30; turn++) await Promise.resolve()
      } while (reads.length > 0)
    },
  }
}

describe('an outbox', () => {
  it('sends a backlog in order, page by page, then new events from memory', async () => {
    const box = setup(64)
    for (const sequence of [2, 3, 5, 7, 8]) box.put(sequence)
    box.outbox.start()
    await box.settleReads()
    assert.deepEqual(box.sequences(), [2, 3, 5, 7, 8])
    assert.equal(box.append(9), true)
    assert.deepEqual(box.sequences(), [2, 3, 5, 7, 8, 9])
  })

  it('sends nothing before it was started', async () => {
    const box = setup(64)
    assert.equal(box.append(1), false)
    await box.settleReads()
    assert.deepEqual(box.sequences(), [])
    box.outbox.start()
    await box.settleReads()
    assert.deepEqual(box.sequences(), [1])
  })

  it('loses nothing that arrives while a page is being read', async () => {
    const box = setup(64)
    box.put(1)
    box.outbox.start()
    void box.append(2)
    void box.append(3)
    await box.settleReads()
    assert.deepEqual(box.sequences(), [1, 2, 3])
  })

  it('waits in the mailbox while the quota is used up, and keeps the order afterwards', async () => {
    const box = setup(2)
    box.outbox.start()
    await box.settleReads()
    for (const sequence of [1, 2, 3, 4, 5]) void box.append(sequence)
    await box.settleReads()
    assert.deepEqual(box.sequences(), [1, 2])
    box.acknowledge(1)
    await box.settleReads()
    assert.deepEqual(box.sequences(), [1, 2, 3])
    box.acknowledge(2)
    box.acknowledge(3)
    void box.append(6)
    await box.settleReads()
    assert.deepEqual(box.sequences(), [1, 2, 3, 4, 5])
    box.acknowledge(4)
    await box.settleReads()
    assert.deepEqual(box.sequences(), [1, 2, 3, 4, 5, 6])
    assert.deepEqual([...box.mailbox.keys()], [5, 6])
  })

  it('goes to the mailbox when events become durable out of order', async () => {
    const box = setup(64)
    box.outbox.start()
    await box.settleReads()
    void box.append(1)
    await box.settleReads()
    box.put(2)
    void box.append(3)
    void box.outbox.push({ sequence: 2, follows: 1 }, box.pushed(2))
    await box.settleReads()
    assert.deepEqual(box.sequences(), [1, 2, 3])
  })

  it('sends QoS 0 at once, whatever waits', async () => {
    const box = setup(0)
    box.put(1)
    box.outbox.start()
    await box.settleReads()
    assert.equal(box.outbox.sendNow(Buffer.from('99')), true)
    assert.deepEqual(box.sequences(), [99])
  })

  it('discards what can never be opened, so that the rest arrives', async () => {
    const box = setup(64)
    box.mailbox.set(1, new Uint8Array())
    box.put(2)
    box.outbox.start()
    await box.settleReads()
    assert.deepEqual(box.sequences(), [2])
    assert.deepEqual(box.settled, ['discarded'])
    assert.deepEqual([...box.mailbox.keys()], [2])
  })

  it('tries again after a failed read', async () => {
    const box = setup(64)
    box.put(1)
    box.fail(true)
    box.outbox.start()
    await box.settleReads()
    assert.deepEqual(box.settled, ['read failed'])
    box.fail(false)
    box.outbox.resume()
    await box.settleReads()
    assert.deepEqual(box.sequences(), [1])
  })

  it('sends nothing once detached, also when a read was on its way', async () => {
    const box = setup(64)
    box.put(1)
    box.outbox.start()
    box.outbox.detach()
    box.outbox.detach()
    await box.settleReads()
    assert.equal(box.append(2), false)
    assert.equal(box.outbox.sendNow(Buffer.from('9')), false)
    assert.deepEqual(box.sequences(), [])
    assert.deepEqual(box.settled, ['detached'])
    assert.deepEqual([...box.mailbox.keys()], [1, 2])
  })

  it('sends nothing whose time is over, neither from memory nor from the mailbox', async () => {
    const box = setup(64)
    for (const sequence of [1, 2, 3, 4]) box.put(sequence)
    box.ends.set(2, 500).set(4, 1001)
    box.passTo(500)
    box.outbox.start()
    await box.settleReads()
    assert.deepEqual(box.sequences(), [1, 3, 4])
    assert.deepEqual(box.settled, ['expired'])
    box.ends.set(5, 500)
    assert.equal(await box.append(5), false)
    assert.equal(box.append(6), true)
    await box.settleReads()
    assert.deepEqual(box.sequences(), [1, 3, 4, 6])
    assert.deepEqual(box.settled, ['expired', 'expired'])
    assert.deepEqual([...box.mailbox.keys()], [1, 3, 4, 6])
    assert.deepEqual(box.noted, [1, 3, 4, 6])
  })

  it('sends nothing past what it may not claim: another link may have the endpoint by now', async () => {
    const box = setup(64)
    for (const sequence of [1, 2, 3]) box.put(sequence)
    box.ends.set(2, 9999)
    box.outbox.start()
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    // To this link the mailbox has nothing any more.
    box.mailbox.clear()
    await box.settleReads()
    assert.deepEqual(box.sequences(), [1], 'and not 3 before 2, which the newer link sends')
  })

  it('sends nothing that left the mailbox after it was read or became durable', async () => {
    const box = setup(64)
    for (const sequence of [1, 2, 3]) box.put(sequence)
    box.ends.set(2, 9999)
    box.outbox.start()
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    box.mailbox.delete(2)
    await box.settleReads()
    assert.deepEqual(box.sequences(), [1, 3])
    box.ends.set(4, 9999)
    const pushed = box.pushed(4)
    assert.equal(await box.outbox.push({ sequence: 4, follows: 3 }, pushed), false)
    assert.deepEqual(box.sequences(), [1, 3])
    assert.deepEqual(box.settled, [])
  })

  it('claims what it has room for and nothing else, and lets go once its link has gone', async () => {
    const box = setup(1)
    for (const sequence of [3, 5]) {
      box.put(sequence)
      box.ends.set(sequence, 9999)
    }
    assert.deepEqual(box.claimed, [])
    box.outbox.start()
    await box.settleReads()
    assert.deepEqual(box.claimed, [3])
    assert.deepEqual(box.sequences(), [3])
    box.acknowledge(3)
    await box.settleReads()
    assert.deepEqual(box.claimed, [3, 5])
    assert.deepEqual(box.sequences(), [3, 5])
    box.outbox.detach()
    assert.deepEqual(box.settled, ['acknowledged', 'detached'])
  })

  it('sends one that must be claimed from memory, and what comes meanwhile after it', async () => {
    const box = setup(64)
    box.outbox.start()
    await box.settleReads()
    box.ends.set(1, 9999).set(3, 9999)
    const first = box.append(1)
    const second = box.append(2)
    assert.equal(second, false)
    assert.equal(await first, true)
    await box.settleReads()
    assert.deepEqual(box.sequences(), [1, 2])
    assert.equal(await box.append(3), true)
    assert.equal(box.append(4), true, 'nothing was left behind')
    assert.deepEqual(box.sequences(), [1, 2, 3, 4])
  })
})
