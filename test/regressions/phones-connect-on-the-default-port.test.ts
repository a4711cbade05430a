import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMqtt } from '../helpers/mqtt-fixture.ts'
import { openRaw, upgradeRequest } from '../helpers/raw-link.ts'

// What Paho 1.6 (always `https:`, always a port) and Starscream (`wss:`, the port in `Host` only) send.
for (const [host, origin, status] of [
  ['rtc.example.com:443', 'https://rtc.example.com', 101],
  ['rtc.example.com:443', 'https://rtc.example.com:443', 101],
  ['rtc.example.com:443', 'wss://rtc.example.com', 101],
  ['rtc.example.com:443', 'wss://rtc.example.com:443', 101],
  ['rtc.example.com', 'wss://rtc.example.com:443', 101],
  ['RTC.example.com:443', 'https://rtc.EXAMPLE.com', 101],
  ['rtc.example.com:80', 'ws://rtc.example.com', 101],
  ['rtc.example.com:80', 'http://rtc.example.com', 101],
  ['rtc.example.com:80', 'https://rtc.example.com:80', 101],
  ['rtc.example.com', 'https://rtc.example.com:80', 101],
  ['rtc.example.com', 'ws://rtc.example.com:80', 101],
  ['rtc.example.com:8080', 'https://rtc.example.com:8080', 101],
  ['[2001:db8::1]:443', 'https://[2001:db8::1]', 101],
  ['[2001:DB8:0:0::1]', 'wss://[2001:db8::1]:443', 101],
  ['[2001:db8::1]:8080', 'ws://[2001:db8::1]:8080', 101],
  ['rtc.example.com:443', 'https://evil.example', 403],
  ['rtc.example.com:443', 'https://rtc.example.com.evil.example', 403],
  ['rtc.example.com:443', 'https://rtc.example.com:8443', 403],
  ['rtc.example.com:443', 'http://rtc.example.com', 403],
  ['rtc.example.com:80', 'https://rtc.example.com', 403],
  ['rtc.example.com', 'https://rtc.example.com:8443', 403],
  ['rtc.example.com:8080', 'https://rtc.example.com', 403],
  ['[2001:db8::1]:443', 'https://[2001:db8::2]', 403],
  ['rtc.example.com@evil.example', 'https://evil.example', 403],
  ['evil.example/rtc.example.com', 'https://evil.example', 403],
  ['rtc.example.com:443', 'null', 403],
  ['rtc.example.com:443', 'capacitor://rtc.example.com', 403],
] as const)
  test(`host ${host}, origin ${origin}: ${status}`, async (t) => {
    const { httpPort } = await openMqtt(t)
    const web = await openRaw(t, httpPort)
    web.send(upgradeRequest('/ws', { Host: host, Origin: origin }))
    assert.match(await web.readUntil('\r\n'), new RegExp(`^HTTP/1.1 ${status} `))
  })

for (const [publicUrl, origin, status] of [
  ['https://rtc.example.com', 'https://rtc.example.com', 101],
  ['https://rtc.example.com', 'wss://rtc.example.com:443', 101],
  ['https://rtc.example.com:8443', 'https://rtc.example.com:8443', 101],
  ['http://rtc.example.com', 'ws://rtc.example.com', 101],
  ['https://rtc.example.com', 'http://rtc.example.com', 403],
  ['https://rtc.example.com', 'https://rtc.example.com:8443', 403],
  ['https://rtc.example.com', 'https://evil.example', 403],
] as const)
  test(`a proxy rewrites Host, PUBLIC_URL is ${publicUrl}, origin ${origin}: ${status}`, async (t) => {
    const { httpPort } = await openMqtt(t, { publicUrl })
    const web = await openRaw(t, httpPort)
    web.send(upgradeRequest('/ws', { Host: '10.0.0.7:8080', Origin: origin }))
    assert.match(await web.readUntil('\r\n'), new RegExp(`^HTTP/1.1 ${status} `))
  })
