import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { eventually, freePort, makeDataDir, startProcess } from '../helpers/run-server.ts'

/** What the bulk of the program stands on; the last of them is what HTTP is served with. */
const HELD = ['argon2', 'fastify', 'jose', 'lmdb', 'prom-client', 're2js', 'typebox', 'ws']

/** Holds back every import of a library of the list, until there is a file of that name. */
const HOOKS = `
import { existsSync } from 'node:fs'
const held = ${JSON.stringify(HELD)}
export async function resolve(specifier, context, next) {
  const isHeld = held.some((name) => new RegExp('(^|[/])' + name + '($|[/])').test(specifier) && !specifier.startsWith('.') && !specifier.startsWith('file:'))
  while (isHeld && !existsSync(process.env.LOADED)) await new Promise((resolve) => setTimeout(resolve, 20))
  return next(specifier, context)
}
`
const REGISTER = `
import { register } from 'node:module'
register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(HOOKS)}))
`

it('a port says that the server is starting before the libraries are loaded that it is served with', async (t) => {
  const dataDir = await makeDataDir()
  const [port, mqttPort] = [await freePort(), await freePort()]
  const loaded = join(dataDir.path, 'loaded')
  const register = join(dataDir.path, 'register.mjs')
  writeFileSync(register, REGISTER)
  const starting = startProcess(join(dataDir.path, 'data'), {
    ...{ PORT: String(port), MQTT_PORT: String(mqttPort), LOADED: loaded },
    NODE_OPTIONS: `--import ${pathToFileURL(register).href}`,
  })
  t.after(async () => {
    writeFileSync(loaded, '')
    await (await starting).kill()
    await dataDir.remove()
  })
  const ready = () => fetch(`http://127.0.0.1:${port}/health/ready`)
  await eventually(
    () =>
      ready().then(
        () => true,
        () => false,
      ),
    'the port is open',
  )
  const answer = await ready()
  assert.deepEqual([answer.status, await answer.json()], [503, { status: 'unavailable', reason: 'starting' }])
  assert.equal((await fetch(`http://127.0.0.1:${port}/health/live`)).status, 200)
  assert.equal(await connack(mqttPort), '20020003')

  writeFileSync(loaded, '')
  await starting
  assert.equal((await ready()).status, 200)
})

/** What an MQTT 3.1.1 CONNECT is answered. */
async function connack(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  socket.write(Buffer.from('100d00044d515454040200' + '3c000161', 'hex'))
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks).toString('hex')
}
