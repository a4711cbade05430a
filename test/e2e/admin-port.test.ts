import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { tokenOf } from '../helpers/demo.ts'
import { openRaw } from '../helpers/raw-link.ts'
import { freePort, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const METRICS_TOKEN = 'metrics-token-1234'

async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(url, { headers, redirect: 'manual' })
  await answer.arrayBuffer()
  return answer.status
}

describe('a port of their own for metrics and documentation', () => {
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let server: ServerProcess
  let admin: string
  before(async () => {
    data = await makeDataDir()
    const port = await freePort()
    admin = `http://127.0.0.1:${port}`
    server = await startProcess(data.path, { ADMIN_PORT: String(port), METRICS_TOKEN })
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  it('has them, and the other one has not', async () => {
    const authorization = `Bearer ${METRICS_TOKEN}`
    assert.equal(await statusOf(`${admin}/metrics`), 401)
    assert.equal(await statusOf(`${admin}/metrics`, { authorization }), 200)
    for (const path of ['/metrics', '/docs', '/docs/json', '/docs/static/index.html'])
      assert.equal(await statusOf(server.url + path, { authorization }), 404, path)
    const page = await fetch(`${admin}/docs`)
    assert.equal(page.status, 200)
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/)
    const parts = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path)
    assert.ok(parts.length >= 4)
    for (const path of parts) assert.equal(await statusOf(admin + path), 200, path)
    const described = await (await fetch(`${admin}/docs/json`)).text()
    assert.ok(described.includes('"/rtc-api/users/endpoints/sendEvent"'))
    assert.ok(server.output().includes(`"adminUrl":"${admin}"`))
    assert.ok(server.output().includes(`API: ${admin}/docs`))
  })

  it('answers health as the other one does, and nothing of the API', async () => {
    for (const base of [admin, server.url])
      for (const path of ['/health/live', '/health/ready']) assert.equal(await statusOf(base + path), 200)
    const token = await tokenOf(server.url, 'acme-backend')
    for (const path of [
      '/rtc-api/events',
      '/rtc-api/openapi.json',
      '/console/',
      '/',
      '/security/oauth/token',
    ])
      assert.equal(await statusOf(admin + path, { authorization: `Bearer ${token}` }), 404, path)
    assert.equal(await statusOf(`${server.url}/rtc-api/openapi.json`), 200)
    assert.equal(await statusOf(`${server.url}/console/`), 200)
  })

  it('is watched until the end of a stop', async (test) => {
    const slow = await makeDataDir()
    const port = await freePort()
    const env = { ADMIN_PORT: String(port), METRICS_TOKEN: '' }
    const stopping = await startProcess(slow.path, env)
    test.after(async () => {
      await stopping.kill()
      await slow.remove()
    })
    // A request that does not end, so that the stop takes its time.
    const link = await openRaw(test, stopping.port)
    link.send(Buffer.from('POST /security/oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n'))
    assert.equal(await statusOf(`${stopping.url}/health/live`), 200)
    const stopped = stopping.terminate()
    let ready = 0
    while (ready !== 503) ready = await statusOf(`http://127.0.0.1:${port}/health/ready`)
    assert.equal(await statusOf(`http://127.0.0.1:${port}/metrics`), 200)
    assert.equal(await stopped, 0)
  })
})

describe('metrics and documentation', () => {
  it('are switched off, each by itself', async (test) => {
    const data = await makeDataDir()
    const env = { METRICS: 'false', DOCS: 'false', CONSOLE: 'false' }
    const server = await startProcess(data.path, env)
    test.after(async () => {
      await server.kill()
      await data.remove()
    })
    for (const path of ['/metrics', '/docs', '/docs/json', '/console/', '/'])
      assert.equal(await statusOf(server.url + path), 404, path)
    assert.equal(await statusOf(`${server.url}/health/ready`), 200)
    assert.ok(!server.output().includes('API: '))
  })
})
