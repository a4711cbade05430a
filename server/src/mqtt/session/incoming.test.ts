import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generate } from 'mqtt-packet'
import { openMqtt } from '../../../../test/helpers/mqtt-fixture.ts'
import { TakeOvers } from '../../delivery/delivery.ts'
import type { OnTaken, Transport, TransportListener } from '../transport/transport.ts'
import { TurnEnd } from '../transport/turn-end.ts'
import { Session } from './session.ts'
import { Sessions } from './sessions.ts'
import { Wheel } from './wheel.ts'

const TOKEN = 'alice.access.token'

/** A peer that reads nothing until told to. */
class UnreadTransport implements Transport {
  readonly hasCertificate = false
  readonly isWebSocket = false
  readonly name = 'tcp'
  readonly userAgent = undefined
  written = 0
  isPaused = false
  #waiting: OnTaken[] = []

  write(frame: Buffer, onTaken?: OnTaken): void {
    this.written += frame.length
    if (onTaken !== undefined) this.#waiting.push(onTaken)
  }
  read(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const onTaken of waiting) onTaken()
  }
  bufferedBytes(): number {
    return 0
  }
  takenBytes(): number {
    return 0
  }
  pause(): void {
    this.isPaused = true
  }
  resume(): void {
    this.isPaused = false
  }
  start(_receiver: TransportListener): void {}
  close(): void {}
  destroy(): void {}
  notifyDrained(): void {}
  admitted(): void {}
}

test('a client that asks and does not read is not read from either, and loses no answer', async (t) => {
  const fixture = await openMqtt(t)
  fixture.auth.add(TOKEN, 'alice')
  const wheel = new Wheel(fixture.clock)
  const context = {
    ...fixture.options,
    sessions: new Sessions(),
    wheel,
    turnEnd: new TurnEnd(),
    clientIds: undefined,
    takeOvers: new TakeOvers(fixture.clock, fixture.options.log),
    connectBytesMax: 32_768,
  }
  const transport = new UnreadTransport()
  const session = new Session(context, transport, { holder: [], remoteAddress: '', release: () => undefined })
  session.start()
  const credentials = { username: 'alice', password: Buffer.from(TOKEN), clientId: 'phone', clean: true }
  session.onData(generate({ cmd: 'connect', protocolVersion: 4, ...credentials }))
  await fixture.clock.advance(0)
  const pings = Buffer.alloc(2 * 1000, Buffer.from([0xc0, 0]))
  session.onData(pings)
  session.onData(pings)
  await fixture.clock.advance(0)
  assert.equal(transport.isPaused, true)
  assert.ok(transport.written <= 2 * 256 + 4, `${transport.written} bytes of answers wait`)
  for (let turn = 0; turn < 8; turn++) {
    transport.read()
    await fixture.clock.advance(0)
  }
  assert.equal(transport.isPaused, false)
  assert.equal(transport.written, 4 + 2 * 2000, 'CONNACK and one PINGRESP each')
  wheel.close()
})
