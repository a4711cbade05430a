import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { makeDataDir, startProcess } from '../helpers/run-server.ts'

const LOCAL = ['http://localhost:5173', 'http://127.0.0.1:3000', 'http://localhost']
const OTHERS = ['https://localhost:5173', 'http://localhost.example:5173', 'http://127.0.0.2:3000', 'null']

/** The origin that the answer to a page names: it may read it. */
async function lets(url: string, origin: string): Promise<boolean> {
  const { headers } = await fetch(`${url}/health/live`, { headers: { origin } })
  return headers.get('access-control-allow-origin') === origin
}

async function connects(url: string, origin: string): Promise<boolean> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, 'mqtt', { headers: { origin } })
  const [event] = await Promise.race([
    once(socket, 'open').then(() => ['open']),
    once(socket, 'unexpected-response').then(() => ['refused']),
  ])
  socket.on('error', () => undefined)
  socket.terminate()
  return event === 'open'
}

describe('pages of this machine', () => {
  async function open(t: TestContext, directory: string | undefined, env: Record<string, string> = {}) {
    const data = await makeDataDir()
    t.after(() => data.remove())
    const file = join(data.path, 'directory.json')
    if (directory !== undefined) await writeFile(file, directory, { mode: 0o600 })
    const server = await startProcess(
      data.path,
      directory === undefined ? env : { DIRECTORY_FILE: file, ...env },
    )
    t.after(() => server.kill())
    return server.url
  }

  it('may call with the demo directory, beside those that are configured', async (t) => {
    const url = await open(t, undefined, { ALLOWED_ORIGINS: 'https://app.example.com' })
    for (const origin of [...LOCAL, 'https://app.example.com'])
      assert.deepEqual([await lets(url, origin), await connects(url, origin)], [true, true], origin)
    for (const origin of OTHERS)
      assert.deepEqual([await lets(url, origin), await connects(url, origin)], [false, false], origin)
  })

  it('may not with a directory of their own', async (t) => {
    const url = await open(t, '{ "organizations": [] }')
    for (const origin of [...LOCAL, ...OTHERS])
      assert.deepEqual([await lets(url, origin), await connects(url, origin)], [false, false], origin)
  })
})
