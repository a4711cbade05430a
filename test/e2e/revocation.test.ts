import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient, requestToken, type Token } from '@rollcall/client/client'
import { call } from '../helpers/call.ts'
import { makeDirectory, tokenOfClient, tokenOfUser } from '../helpers/directory.ts'
import { connectPhone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { ofOneProcess } from '../helpers/several-nodes.ts'

/** How soon a link must be closed. */
const SOON_MS = 1_000

describe('revocation', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let directory: Awaited<ReturnType<typeof makeDirectory>>
  let env: Record<string, string>
  before(async () => {
    data = await makeDataDir()
    directory = await makeDirectory(data.path)
    // A server that comes back has another port, and must be the same issuer.
    env = { DIRECTORY_FILE: directory.file, PUBLIC_URL: 'http://rollcall.test' }
    server = await startProcess(data.path, env)
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  /** A user's endpoint with a link of MQTT 5. */
  async function online(username: string, { accessToken }: Token) {
    const user = createClient({ url: server.url, token: accessToken })
    const id = await user.register({ keepAliveSeconds: 600 })
    const link = await connectPhone(server.url, username, accessToken, { protocolVersion: 5, clientId: id })
    assert.deepEqual(await link.subscribe(`users/endpoints/${id}`), [1])
    const closed = new Promise<readonly [number | undefined, number]>((resolve) => {
      link.client.on('disconnect', ({ reasonCode }) => resolve([reasonCode, performance.now()]))
    })
    return { id, user, link, closed }
  }

  const works = async ({ accessToken }: Token): Promise<boolean> =>
    (await call(server.url, accessToken, 'GET users/endpoints')).status === 200

  const refresh = ({ refreshToken = '' }: Token) =>
    requestToken({ url: server.url, clientId: 'customer', grant: { type: 'refresh_token', refreshToken } })

  const revokeToken = async (token: string): Promise<void> => {
    const response = await fetch(`${server.url}/security/oauth/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'customer', token }),
    })
    assert.equal(response.status, 200)
  }

  it('of a user closes links, ends registrations and sign-ins, and spares what comes right after', async () => {
    const token = await tokenOfUser(server.url, 'alice')
    const alice = await online('alice', token)
    const bobs = await tokenOfUser(server.url, 'bob')
    const bob = await online('bob', bobs)
    const boss = (await tokenOfUser(server.url, 'boss')).accessToken
    const startedAtMs = performance.now()
    assert.equal((await call(server.url, boss, 'POST users/alice/revoke')).status, 204)
    const after = await tokenOfUser(server.url, 'alice')
    const [reason, atMs] = await alice.closed
    assert.equal(reason, 0x87)
    assert.ok(atMs - startedAtMs < SOON_MS)
    assert.ok(!(await works(token)))
    assert.ok(await works(after), 'signed in at once, most likely in the same second')
    assert.deepEqual((await call(server.url, after.accessToken, 'GET users/endpoints')).json, [])
    await assert.rejects(refresh(token))
    await assert.rejects(connectPhone(server.url, 'alice', token.accessToken), /[Nn]ot authorized/)
    assert.ok((await works(bobs)) && bob.link.client.connected)
    const again = await refresh(after)
    await server.kill()
    server = await startProcess(data.path, env)
    assert.deepEqual([await works(token), await works(after), await works(again)], [false, true, true])
    await bob.link.end()
  })

  it('of a user is for an administrator of its organization, and for SERVICE that names it', async () => {
    const carols = await tokenOfUser(server.url, 'carol')
    const callers = [
      carols.accessToken,
      await tokenOfClient(server.url, 'globex-backend'),
      await tokenOfClient(server.url, 'acme-backend'),
    ]
    for (const token of callers)
      assert.equal(
        (await call(server.url, token, 'POST users/carol/revoke?organizationId=globex')).status,
        403,
      )
    const boss = (await tokenOfUser(server.url, 'boss')).accessToken
    assert.equal((await call(server.url, boss, 'POST users/carol/revoke?organizationId=globex')).status, 204)
    assert.ok(await works(carols), "the boss's carol is another, whom nobody has")
    const service = await tokenOfClient(server.url, 'service')
    assert.equal((await call(server.url, service, 'POST users/carol/revoke')).status, 400)
    const body = { organizationId: 'globex' }
    assert.equal((await call(server.url, service, 'POST users/carol/revoke', body)).status, 204)
    assert.ok(!(await works(carols)))
  })

  it('of a token, a sign-in, and a sign-in whose refresh token was used twice, closes its link', async () => {
    const endings: readonly ((token: Token) => Promise<unknown>)[] = [
      ({ accessToken }) => revokeToken(accessToken),
      ({ refreshToken = '' }) => revokeToken(refreshToken),
      async (token) => {
        await refresh(await refresh(token))
        await assert.rejects(refresh(token))
      },
    ]
    for (const [index, end] of endings.entries()) {
      const other = await online('bob', await tokenOfUser(server.url, 'bob'))
      const token = await tokenOfUser(server.url, 'bob')
      const bob = await online('bob', token)
      await end(token)
      const endedAtMs = performance.now()
      const [reason, atMs] = await bob.closed
      assert.equal(reason, 0x87, String(index))
      assert.ok(atMs - endedAtMs < SOON_MS)
      assert.ok(!(await works(token)))
      assert.ok(other.link.client.connected, 'another sign-in of the same user stays')
      await other.link.end()
    }
  })

  it('by the directory closes links within a second of the change', {
    skip: ofOneProcess('each reads a directory file at its own time'),
  }, async () => {
    const changes: readonly (readonly [string, object | null])[] = [
      ['bob', { enabled: false }],
      ['bob', null],
      ['customer', { enabled: false }],
    ]
    const countReloads = () => server.output().split('directory reloaded').length - 1
    const reloaded = (count: number) => eventually(() => countReloads() === count, `reload ${count}`)
    let reloads = countReloads()
    for (const [who, change] of changes) {
      const token = await tokenOfUser(server.url, 'bob')
      const bob = await online('bob', token)
      const changedAtMs = performance.now()
      await directory.write({ [who]: change })
      const [reason, atMs] = await bob.closed
      assert.equal(reason, 0x87, who)
      assert.ok(atMs - changedAtMs < SOON_MS, `${atMs - changedAtMs} ms`)
      await reloaded(++reloads)
      await directory.write()
      await reloaded(++reloads)
      await tokenOfUser(server.url, 'bob')
      assert.ok(!(await works(token)), 'what was issued before stays refused')
    }
  })
})
