import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Receipt, RollcallError, SdkError } from '@rollcall/client'
import { type Press, SendDesk, type Sender } from './desk.ts'

type Sent = {
  readonly message: Parameters<Sender['send']>[0]
  readonly options: Parameters<Sender['send']>[1]
  answer(receipt: Receipt): void
  refuse(error: Error): void
}

/** A desk whose server answers when the test says so. */
function open() {
  const sent: Sent[] = []
  const clock = { nowMs: 0 }
  let keys = 0
  const api: Sender = {
    send: (message, options) =>
      new Promise((answer, refuse) => {
        sent.push({ message, options, answer, refuse })
        options.signal?.addEventListener('abort', () => refuse(new SdkError('aborted')))
      }),
  }
  const desk = new SendDesk(
    api,
    () => clock.nowMs,
    () => `key-${++keys}`,
  )
  const problems: unknown[] = []
  const send = (press: Press = 'send') =>
    desk.send({ form: desk.state.form, organizationId: undefined }, press, (thrown) => problems.push(thrown))
  desk.edit({ userId: 'bob' })
  return { desk, sent, clock, send, problems }
}

const RECEIPT: Receipt = { count: 1, eventId: 'e' }

describe('a desk', () => {
  it('sends, tells what came of it, and keeps the form', async () => {
    const { desk, sent, send } = open()
    const seen: string[] = []
    desk.subscribe(() => seen.push(desk.state.sending ? 'sending' : (desk.state.outcome?.is ?? 'idle')))
    const done = send()
    assert.equal(desk.state.sending?.waitSeconds, 5)
    sent[0]?.answer(RECEIPT)
    await done
    assert.deepEqual(seen, ['sending', 'answered'])
    assert.deepEqual(desk.state.outcome, {
      is: 'answered',
      order: { form: desk.state.form, organizationId: undefined },
      receipt: RECEIPT,
    })
    assert.equal(desk.state.form.userId, 'bob')
    assert.equal(sent[0]?.options.waitSeconds, 5)
  })

  it('sends a double-click once, however fast the answer', async () => {
    const { sent, clock, send } = open()
    const first = send()
    await send()
    sent[0]?.answer(RECEIPT)
    await first
    clock.nowMs += 300
    await send()
    assert.equal(sent.length, 1)
    clock.nowMs += 600
    const second = send()
    assert.equal(sent.length, 2)
    sent[1]?.answer(RECEIPT)
    await second
    void send('again')
    assert.equal(sent.length, 3, 'another button is another press')
    assert.notEqual(sent[1]?.options.idempotencyKey, sent[0]?.options.idempotencyKey)
  })

  it('waits no longer when told so', async () => {
    const { desk, send } = open()
    const done = send()
    desk.stop()
    await done
    assert.equal(desk.state.outcome?.is, 'stopped')
    assert.equal(desk.state.sending, undefined)
  })

  it('sends what had no answer again as the same event, until the form is another', async () => {
    const { desk, sent, clock, send, problems } = open()
    const fail = async (error: Error) => {
      clock.nowMs += 1_000
      const done = send()
      sent.at(-1)?.refuse(error)
      await done
    }
    await fail(new TypeError('Failed to fetch'))
    assert.equal(desk.state.outcome?.is, 'failed')
    await fail(new TypeError('Failed to fetch'))
    desk.edit({ type: 'CallEndedEvent' })
    await fail(new RollcallError('invalid_mask'))
    await fail(new RollcallError('invalid_mask'))
    assert.deepEqual(
      sent.map(({ options }) => options.idempotencyKey),
      ['key-1', 'key-1', 'key-2', 'key-3'],
    )
    assert.deepEqual(sent[1]?.message, sent[0]?.message)
    assert.equal(problems.length, 4)
  })
})
