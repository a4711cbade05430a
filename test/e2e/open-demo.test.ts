import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requestToken } from '@rollcall/client'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'

const ENV = { HOST: '0.0.0.0', DEMO_SECRETS: 'random', PUBLIC_URL: 'http://rollcall.example.com' }
const OF = (name: string) => new RegExp(`^ {2}${name} +(\\S{32})$`, 'm')

describe('a demo that listens beyond this machine', () => {
  it('lets in who was told its secrets, and nobody with those that everybody knows', async (t) => {
    const data = await makeDataDir()
    t.after(() => data.remove())
    const first = await startProcess(data.path, ENV)
    t.after(() => first.kill())
    await eventually(
      () => first.output().includes('http://rollcall.example.com/examples/ring/?as=bob#'),
      'it says its secrets',
    )
    const url = `http://127.0.0.1:${first.port}`
    const bob = OF('bob').exec(first.output())?.[1] ?? ''
    const acme = OF('acme-backend').exec(first.output())?.[1] ?? ''
    const signIn = (password: string) =>
      requestToken({ url, clientId: 'customer', grant: { type: 'password', username: 'bob', password } })
    const signInBackend = (clientSecret: string) =>
      requestToken({ url, clientId: 'acme-backend', clientSecret, grant: { type: 'client_credentials' } })
    await signIn(bob)
    await signInBackend(acme)
    await assert.rejects(signIn('bob-password'), { code: 'invalid_grant' })
    await assert.rejects(signInBackend('acme-secret'), { code: 'invalid_client' })
    assert.equal(first.output().split(bob).length - 1, 2, 'once in the list, once in the page to try')
    const page = await fetch(`${url}/examples/ring/`, { headers: { host: 'rollcall.example.com' } })
    assert.equal(page.status, 200)
    assert.equal(await first.terminate(), 0)

    const second = await startProcess(data.path, { ...ENV, PORT: String(first.port) })
    t.after(() => second.kill())
    const says = (): boolean => second.output().includes('secrets were shown at its first start')
    await eventually(says, 'it says where they are')
    assert.ok(!second.output().includes(bob))
    await signIn(bob)
  })
})
