import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { userTopic } from '@rollcall/protocol/topic'
import { ConnectionPool } from '../load/connection-pool.ts'
import { Link } from '../load/link.ts'
import { Load } from '../load/load.ts'
import { BackToBack } from '../load/pace.ts'
import { endpointId, userId } from '../load/roster.ts'
import { SendEvent } from '../load/send-event.ts'
import { Tally } from '../load/tally.ts'
import { createReferenceServer } from './server.ts'

const DEVICES = 5
const EVENTS = 200
const SLOTS = 4
const TIMEOUT_MS = 5_000

async function startServer(): Promise<AsyncDisposable & { readonly port: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-reference-'))
  const jwksFile = join(folder, 'jwks.json')
  writeFileSync(jwksFile, '{"keys":[]}')
  const server = createReferenceServer(jwksFile)
  await server.listen({ host: '127.0.0.1', port: 0 })
  const address = server.server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      await server.close()
      rmSync(folder, { recursive: true })
    },
  }
}

function openLinks(port: number, tally: Tally): Promise<readonly Link[]> {
  const readBuffer = Buffer.alloc(65_536)
  return Promise.all(
    Array.from({ length: DEVICES }, (_, device) =>
      Link.open({
        port,
        clientId: `device-${device}`,
        userName: userId(device),
        token: 'any',
        topic: userTopic(userId(device), endpointId(device)),
        readBuffer,
        onEvent: (bytes, start, end) => tally.count(device, bytes, start, end, 0),
        onClosed: () => {},
      }),
    ),
  )
}

for (const qos of [0, 1] as const)
  test(`every event of QoS ${qos} arrives once, at its device`, async () => {
    await using server = await startServer()
    const { port } = server
    const tally = new Tally(DEVICES)
    const links = await openLinks(port, tally)
    const authority = `127.0.0.1:${port}`
    const work = new SendEvent({ authority, token: 'any', qos, devices: DEVICES, timed: false, slots: SLOTS })
    const load = new Load(work, new BackToBack(EVENTS), new ConnectionPool(port))
    await load.start(SLOTS)
    await load.idle(TIMEOUT_MS)
    const deadline = Date.now() + TIMEOUT_MS
    while (tally.received < EVENTS && Date.now() < deadline)
      await new Promise((resolve) => setImmediate(resolve))
    load.close()
    for (const link of links) link.close()
    assert.equal(load.refused, 0, load.firstRefusal)
    const { latenciesUs, ...counts } = tally.result(EVENTS, [0, EVENTS])
    assert.deepEqual(counts, { received: EVENTS, lost: 0, duplicates: 0, strays: 0, damaged: 0 })
  })

test('an answer that is not the right one is told', async () => {
  await using server = await startServer()
  const work = new SendEvent({
    authority: `127.0.0.1:${server.port}`,
    token: 'any',
    qos: 0,
    devices: 1,
    timed: false,
    slots: 1,
  })
  const load = new Load(work, new BackToBack(3), new ConnectionPool(server.port))
  await load.start(1)
  await load.idle(TIMEOUT_MS)
  load.close()
  // Nobody listens: the count is 0.
  assert.deepEqual([load.issued, load.refused, load.firstRefusal], [3, 3, '200 0'])
})
