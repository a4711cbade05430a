import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { systemClock } from '../../../clock/clock.ts'
import { openSubscriber } from './subscriber.ts'
import { openWire } from './wire.ts'

/** To HELLO 3, and to what a client tells of itself. */
const GREETING = '%1\r\n+proto\r\n:3\r\n+OK\r\n+OK\r\n'

/** Says nothing, but for a greeting, and ends nothing: a Redis that hangs, or is cut off. */
async function startSilent({ greets = true } = {}) {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      if (greets && chunk.includes('hello')) socket.write(GREETING)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    connected: once(server, 'connection'),
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** Rejects before a client would have given up by itself. */
async function soon(complaint: string): Promise<never> {
  await systemClock().sleep(1_500)
  throw new Error(complaint)
}

describe('a connection to a Redis that says nothing more', () => {
  it('is lost at its deadline, though the other side does not end it', async (t) => {
    const silent = await startSilent()
    t.after(silent.close)
    const clock = createFakeClock()
    let lost = (): void => undefined
    const isLost = new Promise<void>((resolve) => {
      lost = resolve
    })
    const wire = openWire({ host: '127.0.0.1', port: silent.port }, clock, lost)
    await wire.open()
    const asked = assert.rejects(wire.send('PING', []))
    await clock.advance(2_000)
    await Promise.race([Promise.all([isLost, asked]), soon('it is kept')])
  })

  it('is none, where it never greeted', async (t) => {
    const silent = await startSilent({ greets: false })
    t.after(silent.close)
    const clock = createFakeClock()
    const wire = openWire({ host: '127.0.0.1', port: silent.port }, clock, () => undefined)
    const opened = assert.rejects(wire.open())
    await silent.connected
    await clock.advance(2_000)
    await Promise.race([opened, soon('it is waited for')])
  })

  it('brings no messages, where it never greeted', async (t) => {
    const silent = await startSilent({ greets: false })
    t.after(silent.close)
    const clock = createFakeClock()
    const address = { host: '127.0.0.1', port: silent.port }
    const nothing = (): void => undefined
    const subscriber = openSubscriber({ address, clock, onLost: nothing, onMessage: nothing })
    const opened = assert.rejects(subscriber.open())
    await silent.connected
    await clock.advance(2_000)
    await Promise.race([opened, soon('it is waited for')])
  })

  it('is ended once, however often it is told to', async (t) => {
    const silent = await startSilent()
    t.after(silent.close)
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    t.after(() => process.off('warning', note))
    const wire = openWire({ host: '127.0.0.1', port: silent.port }, createFakeClock(), () => undefined)
    await wire.open()
    for (let times = 0; times < 20; times++) wire.close()
    // Warnings are told later.
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(warnings, [])
  })
})
