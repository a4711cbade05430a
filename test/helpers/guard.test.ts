import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NO_REDIS } from './redis-server.ts'
import { eventually } from './run-server.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Starts two, closes one, and says where the other is. */
const PROGRAM = `
import('./test/helpers/redis-server.ts').then(async ({ RedisServer }) => {
  await (await RedisServer.start()).close()
  const left = await RedisServer.start()
  console.log(left.port, left.folder)
  setInterval(() => {}, 1_000)
})
`

it('a Redis of a test ends with the process of the test, though nothing tells that one of its end', {
  skip: NO_REDIS ?? false,
}, async (t) => {
  const args = ['-C', 'source', '--import', 'tsx', '-e', PROGRAM]
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: [...stdio] })
  t.after(() => child.kill('SIGKILL'))
  const [said] = await once(child.stdout, 'data')
  const port = Number.parseInt(String(said), 10)
  assert.ok(await isListening(port))
  child.kill('SIGKILL')
  await once(child, 'exit')
  await eventually(async () => !(await isListening(port)), 'its end')
})

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
