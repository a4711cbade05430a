import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError, readConfiguration } from '../../server/src/config/config.ts'
import { ask } from '../helpers/ask.ts'
import { openHttp } from '../helpers/http-fixture.ts'
import { openMqtt } from '../helpers/mqtt-fixture.ts'
import { openRaw, upgradeRequest } from '../helpers/raw-link.ts'

function configured(items: string) {
  return readConfiguration({ ALLOWED_ORIGINS: items }, undefined).allowedOrigins
}

for (const [items, origin] of [
  ['capacitor://localhost', 'capacitor://localhost'],
  ['ionic://localhost', 'ionic://localhost'],
  ['tauri://localhost', 'tauri://localhost'],
  ['app://.', 'app://.'],
  ['moz-extension://0b1d-4f', 'moz-extension://0b1d-4f'],
  ['https://a.example/', 'https://a.example'],
  ['https://A.example:443', 'https://a.example'],
  ['https://*.example.com', 'https://app.example.com'],
  ['http://localhost:*', 'http://localhost:5173'],
] as const)
  test(`ALLOWED_ORIGINS=${items} lets ${origin} call and connect`, async (t) => {
    const allowedOrigins = configured(items)
    const { listen } = await openHttp(t, { settings: { allowedOrigins } })
    const answer = await ask(await listen(), 'GET /rtc-api/users/endpoints', { headers: { origin } })
    assert.equal(answer.headers['access-control-allow-origin'], origin)
    assert.match(String(answer.headers['vary']), /origin/i)
    const { httpPort } = await openMqtt(t, { allowedOrigins })
    const web = await openRaw(t, httpPort)
    web.send(upgradeRequest('/ws', { Origin: origin, Host: 'rtc.example.org' }))
    assert.match(await web.readUntil('\r\n'), /^HTTP\/1.1 101 /)
  })

test('https://*.example.com lets in neither the name itself nor one that only ends like it', async (t) => {
  const allowedOrigins = configured('https://*.example.com')
  const { listen } = await openHttp(t, { settings: { allowedOrigins } })
  const url = await listen()
  const { httpPort } = await openMqtt(t, { allowedOrigins })
  for (const origin of ['https://example.com', 'https://evilexample.com', 'http://app.example.com']) {
    const answer = await ask(url, 'GET /rtc-api/users/endpoints', { headers: { origin } })
    assert.equal(answer.headers['access-control-allow-origin'], undefined, origin)
    const web = await openRaw(t, httpPort)
    web.send(upgradeRequest('/ws', { Origin: origin, Host: 'rtc.example.org' }))
    assert.match(await web.readUntil('\r\n'), /^HTTP\/1.1 403 /, origin)
  }
})

for (const [key, items, named] of [
  ['ALLOWED_ORIGINS', 'https://a.example, b.example', /item 2 \("b\.example"\)/],
  ['ALLOWED_ORIGINS', 'https://a.example,', /item 2 is wrong/],
  ['ALLOWED_ORIGINS', 'https://a.example/path', /item 1 \("https:\/\/a\.example\/path"\)/],
  ['TRUSTED_PROXIES', '10.0.0.0/8,proxy', /item 2 \("proxy"\)/],
  ['ICE_SERVER_URLS', 'stun:a,turn:b', /item 2 \("turn:b"\)/],
] as const)
  test(`${key}=${items} is refused by naming the item`, () => {
    assert.throws(
      () => readConfiguration({ [key]: items }, undefined),
      (error) => error instanceof ConfigurationError && named.test(error.message),
    )
  })

test('an item that is named does not show the credentials in it', () => {
  assert.throws(
    () => readConfiguration({ ALLOWED_ORIGINS: 'https://user:planted@a.example' }, undefined),
    (error) =>
      error instanceof Error && error.message.includes('a.example') && !error.message.includes('planted'),
  )
})
