import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { createClient, type RollcallClient, type Token } from '@rollcall/client/client'
import { backend, offer, signIn, tokenOf } from '../helpers/demo.ts'
import { connectPhone, type Phone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const RINGS = 'CallOfferedEvent'
const IS_OVER = 'CallCancelledEvent'
const CANCEL = { type: IS_OVER, timestamp: '2026-01-01T00:00:00Z' }

const missing = ['bash', 'curl'].filter((tool) => spawnSync(tool, ['--version']).status !== 0)
const skip =
  missing.length > 0 && `the commands need ${missing.join(' and ')}, which this machine does not have`

let server: ServerProcess
let data: Awaited<ReturnType<typeof makeDataDir>>
let bob: Token
let acme: RollcallClient
let acmeToken: string

before(async () => {
  data = await makeDataDir()
  server = await startProcess(data.path)
  bob = await signIn(server.url, 'bob')
  acme = await backend(server.url, 'acme-backend')
  acmeToken = await tokenOf(server.url, 'acme-backend')
})
after(async () => {
  await server.kill()
  await data.remove()
})

/** Stock MQTT.js clients, which acknowledge by themselves as soon as they can. */
async function phones(...ids: readonly string[]): Promise<readonly Phone[]> {
  const own = createClient({ url: server.url, token: bob.accessToken })
  for (const { id } of await own.endpoints()) await own.unregister(id)
  for (const userEndpointId of ids) await own.register({ userEndpointId, keepAliveSeconds: 600 })
  return Promise.all(ids.map(connect))
}

async function connect(userEndpointId: string): Promise<Phone> {
  const phone = await connectPhone(server.url, 'bob', bob.accessToken)
  await phone.subscribe(`users/endpoints/${userEndpointId}`)
  return phone
}

function types(phone: Phone): readonly unknown[] {
  return phone.received.map(({ event }) => event['type'])
}

/** Runs a step of the README as it stands there, for a server at another port. The clients go on meanwhile. */
async function follow(step: string): Promise<string> {
  const block = new RegExp(`<!-- quick start: ${step} -->\\s+\`\`\`sh\\n([^\`]+)\`\`\``).exec(README)?.[1]
  assert.ok(block, `no step ${step} in the README`)
  const script = `ACME=${acmeToken}\n${block.replaceAll('8080', String(server.port))}`
  return (await promisify(execFile)('bash', ['--norc', '-c', script])).stdout
}

async function answer(eventId: string, userEndpointId: string): Promise<readonly [number, string]> {
  const response = await fetch(`${server.url}/rtc-api/events/${eventId}/answer`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bob.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ userEndpointId }),
  })
  const text = await response.text()
  return [response.status, text === '' ? '' : String(JSON.parse(text).answeredBy ?? JSON.parse(text).error)]
}

async function acknowledgedBy(eventId: string): Promise<number> {
  const response = await fetch(`${server.url}/rtc-api/events/${eventId}`, {
    headers: { authorization: `Bearer ${acmeToken}` },
  })
  const record: { endpoints?: { outcome: string }[] } = JSON.parse(await response.text())
  return (record.endpoints ?? []).filter(({ outcome }) => outcome === 'acknowledged').length
}

const ring = (more: object = {}) =>
  offer('bob', { qos: 1, ttlSeconds: 60, cancelOthers: { event: CANCEL }, ...more })

describe('two stock clients', () => {
  it('both ring until one answers, as the README has it; then the other falls silent', { skip }, async () => {
    const [phone, tablet] = await phones('bobs-phone', 'bobs-tablet')
    assert(phone && tablet)
    const told = await follow('will it ring')
    assert.match(told, /^acknowledged: 2\s*$/im, 'both have acknowledged by themselves')
    // Ten times what it took from the first PUBACK to the silence of both, before.
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.deepEqual([types(phone), types(tablet)], [[RINGS], [RINGS]], 'both still ring')
    const record = await follow('answer')
    assert.match(record, /"answeredBy":"bobs-phone"\}$/)
    await eventually(() => types(tablet).includes(IS_OVER), 'the other is told')
    await acme.sendEvent(offer('bob', { qos: 1 }, { n: 'after' }))
    await eventually(
      () => [phone, tablet].every(({ received }) => received.at(-1)?.event['n'] === 'after'),
      'last',
    )
    assert.deepEqual(types(phone), [RINGS, RINGS])
    assert.deepEqual(types(tablet), [RINGS, IS_OVER, RINGS])
    await Promise.all([phone.end(), tablet.end()])
  })

  it('one answers by publishing, and whoever waits for that is told at once', async () => {
    const [phone, tablet] = await phones('bobs-phone', 'bobs-tablet')
    assert(phone && tablet)
    const waiting = fetch(`${server.url}/rtc-api/users/endpoints/sendEvent`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${acmeToken}`,
        'content-type': 'application/json',
        prefer: 'wait=30',
      },
      body: JSON.stringify(ring({ waitFor: 'answered' })),
    })
    await eventually(() => phone.received.length === 1 && tablet.received.length === 1, 'both ring')
    const eventId = String(tablet.received[0]?.event['id'])
    const body = JSON.stringify({ eventId, answer: { reason: 'accepted' } })
    await tablet.client.publishAsync('users/endpoints/bobs-tablet/answers', body, { qos: 1 })
    const { headers } = await waiting
    assert.equal(headers.get('answered'), 'bobs-tablet')
    assert.equal(headers.get('connected'), '2')
    await eventually(() => types(phone).includes(IS_OVER), 'the other is told')
    assert.deepEqual(await answer(eventId, 'bobs-phone'), [409, 'bobs-tablet'])
    assert.deepEqual(await answer(eventId, 'bobs-tablet'), [204, ''])
    assert.deepEqual(await answer(eventId, 'nobodys'), [404, 'not_found'])
    await Promise.all([phone.end(), tablet.end()])
  })

  it('have one winner over kill -9, whenever it comes', async () => {
    for (const pauseMs of [0, 3, 20, 300]) {
      const both = await phones('bobs-phone', 'bobs-tablet')
      const { eventId } = await acme.sendEvent(ring())
      await eventually(async () => (await acknowledgedBy(eventId)) === 2, 'both have acknowledged')
      const first = answer(eventId, 'bobs-phone').catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      await server.kill()
      const told = await first
      await Promise.all(both.map((phone) => phone.end()))
      server = await startProcess(data.path, { PORT: String(server.port) })
      const tablet = await connect('bobs-tablet')
      const [status, by] = await answer(eventId, 'bobs-tablet')
      const isLost = status === 204
      assert.ok(isLost || (status === 409 && by === 'bobs-phone'), `${status} ${by}`)
      if (told?.[0] === 204)
        assert.equal(isLost, false, `an answer that was given is lost after ${pauseMs} ms`)
      const phone = await connect('bobs-phone')
      // Perhaps before the server died.
      const seen = (index: number, again: Phone) =>
        [both[index], again].flatMap((one) => (one ? types(one) : []))
      const [winner, loser] = isLost ? [1, 0] : [0, 1]
      const again = [phone, tablet]
      const hears = (index: number) => seen(index, again[index] ?? phone).includes(IS_OVER)
      await eventually(() => hears(loser), `the loser is told after ${pauseMs} ms`)
      assert.equal(hears(winner), false)
      await Promise.all([phone.end(), tablet.end()])
    }
  })
})
