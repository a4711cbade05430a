import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { FreshProject } from '../helpers/fresh-project.ts'
import { makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

/** A person's program and a backend's, in one. Node.js 20 has no WebSocket of its own: there one is handed in. */
const PROGRAM = `
import { connect, createBackend, tokenSource } from '@rollcall/client'

const url = process.env.URL
const WebSocket = globalThis.WebSocket ?? (await import('ws')).WebSocket
const getToken = tokenSource({ url, clientId: 'customer', grant: { type: 'password', username: 'bob', password: 'bob-password' } })
const registration = connect({ url, getToken, WebSocket, onEvent: (event) => console.log(event.type, event.caller) })
await registration.online()
const backend = createBackend({ url, credentials: { clientId: 'acme-backend', clientSecret: 'acme-secret' } })
const event = { type: 'CallOfferedEvent', caller: 'Alice' }
const { count, acknowledged } = await backend.send({ userId: 'bob', qos: 1, event }, { waitSeconds: 10 })
console.log(count, acknowledged)
await registration.close()
`

describe('a program in plain Node.js, with the packed SDK', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path)
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  it('is reachable, sends, and ends by itself', (t) => {
    const project = FreshProject.empty()
    t.after(() => project.remove())
    project.install('client')
    project.link('ws')
    project.write('program.js', PROGRAM)
    const { status, output } = project.run(process.execPath, ['program.js'], { URL: server.url })
    assert.deepEqual([output, status], ['CallOfferedEvent Alice\n1 1\n', 0])
  })
})
