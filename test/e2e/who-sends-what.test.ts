import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient } from '@rollcall/client/client'
import { call } from '../helpers/call.ts'
import { makeDirectory, tokenOfClient, tokenOfUser } from '../helpers/directory.ts'
import { connectPhone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const TIMESTAMP = '2026-01-01T00:00:00Z'
const SERVERS = { type: 'UserEndpointKeepAliveRequestedEvent', timestamp: TIMESTAMP }
const OFFER = { type: 'CallOfferedEvent', timestamp: TIMESTAMP }
const CHAT = { type: 'ChatWrittenEvent', timestamp: TIMESTAMP }

const RULES = {
  senderId: true,
  send: [
    { authority: 'ROLE_GUEST', to: 'none' },
    { to: 'organization', types: ['Chat*Event'] },
    { to: 'self' },
  ],
}

describe('who sends what, over every front', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let directory: Awaited<ReturnType<typeof makeDirectory>>
  const tokens = new Map<string, string>()
  before(async () => {
    data = await makeDataDir()
    directory = await makeDirectory(data.path)
    await directory.write({ bob: { authorities: ['ROLE_GUEST'] } })
    server = await startProcess(data.path, { DIRECTORY_FILE: directory.file })
    for (const user of ['alice', 'bob', 'boss'])
      tokens.set(user, (await tokenOfUser(server.url, user)).accessToken)
    for (const client of ['acme-backend', 'service'])
      tokens.set(client, await tokenOfClient(server.url, client))
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  const body = (userId: string, event: object, more: object = {}) => ({
    ...{ userId, organizationId: 'acme', event },
    ...more,
  })

  /** What comes of an event over HTTP: the status and the error. */
  async function send(sender: string, ...sent: Parameters<typeof body>): Promise<string> {
    const token = tokens.get(sender) ?? ''
    const { status, json } = await call(server.url, token, 'POST users/endpoints/sendEvent', body(...sent))
    return status === 200 ? '200' : `${status} ${Reflect.get(Object(json), 'error')}`
  }

  async function sendBulk(sender: string, ...sent: Parameters<typeof body>): Promise<unknown> {
    const token = tokens.get(sender) ?? ''
    const { json } = await call(server.url, token, 'POST users/endpoints/sendEvents', [body(...sent)])
    return Array.isArray(json) ? (json[0].error ?? 'sent') : json
  }

  /** The reason code of PUBACK. */
  async function publish(sender: string, ...sent: Parameters<typeof body>): Promise<number> {
    const phone = await connectPhone(server.url, sender, tokens.get(sender) ?? '', { protocolVersion: 5 })
    try {
      await phone.client.publishAsync('users/events', JSON.stringify(body(...sent)), { qos: 1 })
      return 0
    } catch (error) {
      return Number(Reflect.get(Object(error), 'code'))
    } finally {
      await phone.end()
    }
  }

  it('nobody sends what only the server sends', async () => {
    const others = { qos: 1, cancelOthers: { event: { ...OFFER, type: 'UserEventExpiredEvent' } } }
    for (const sender of ['alice', 'boss', 'acme-backend', 'service']) {
      assert.equal(await send(sender, 'alice', SERVERS), '400 invalid_request', sender)
      assert.equal(await send(sender, 'alice', OFFER, others), '400 invalid_request', sender)
      assert.equal(await sendBulk(sender, 'alice', SERVERS), 'invalid_request', sender)
    }
    for (const sender of ['acme-backend', 'service'])
      assert.equal(await publish(sender, 'alice', SERVERS), 0x83, sender)
  })

  it('everybody sends everything to everybody in the organization, as the contract has it', async () => {
    for (const sender of ['alice', 'bob', 'acme-backend', 'service'])
      assert.equal(await send(sender, 'boss', OFFER), '200', sender)
  })

  it('rules of the directory narrow it as soon as they are in force, and devices see who sent', async () => {
    const alice = createClient({ url: server.url, token: tokens.get('alice') ?? '' })
    const id = await alice.register({ keepAliveSeconds: 600 })
    const phone = await connectPhone(server.url, 'alice', tokens.get('alice') ?? '')
    await phone.subscribe(`users/endpoints/${id}`)
    await directory.write({ bob: { authorities: ['ROLE_GUEST'] }, acme: RULES })
    await eventually(
      async () => (await send('bob', 'alice', CHAT)) === '403 forbidden',
      'the rules are there',
    )
    assert.equal(await send('bob', 'bob', CHAT), '403 forbidden')
    assert.equal(await send('boss', 'alice', OFFER), '403 forbidden')
    assert.equal(await sendBulk('boss', 'alice', OFFER), 'forbidden')
    const withOther = { qos: 1, cancelOthers: { event: OFFER } }
    assert.equal(await send('boss', 'alice', CHAT, withOther), '403 forbidden')
    phone.received.splice(0)
    assert.equal(await send('alice', 'alice', OFFER), '200')
    assert.equal(await send('boss', 'alice', CHAT), '200')
    assert.equal(await send('service', 'alice', OFFER), '200')
    assert.equal(await publish('acme-backend', 'alice', OFFER), 0)
    await eventually(() => phone.received.length === 4, 'all have come')
    const senders = phone.received.map(({ event }) => event['senderId'])
    assert.deepEqual(senders, ['alice', 'boss', null, 'acme-backend'])
    assert.equal(await send('boss', 'alice', { ...CHAT, senderId: 'alice' }), '400 invalid_request')
    await phone.end()
  })
})
