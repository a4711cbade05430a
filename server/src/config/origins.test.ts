import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { allowOrigins, parseOriginPattern } from './origins.ts'

describe('an item of the allowed origins', () => {
  for (const [item, taken] of [
    ['*', '*'],
    ['https://a.example/', 'https://a.example'],
    ['https://A.example:443', 'https://a.example'],
    ['HTTP://a.example:80/', 'http://a.example'],
    ['http://a.example:443', 'http://a.example:443'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['http://[2001:DB8:0::1]:8080', 'http://[2001:db8::1]:8080'],
    ['wss://a.example:443', 'wss://a.example'],
    ['capacitor://localhost', 'capacitor://localhost'],
    ['ionic://localhost/', 'ionic://localhost'],
    ['tauri://localhost', 'tauri://localhost'],
    ['app://.', 'app://.'],
    ['app://localhost:3000', 'app://localhost:3000'],
    [
      'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
      'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    ],
    ['moz-extension://0B1D-4F', 'moz-extension://0b1d-4f'],
    ['file:///', 'file://'],
    ['https://*.Example.com:443/', 'https://*.example.com'],
    ['https://*.example.com:8443', 'https://*.example.com:8443'],
    ['http://localhost:*', 'http://localhost:*'],
    ['http://[::1]:*', 'http://[::1]:*'],
  ] as const)
    it(`${item} is ${taken}`, () => assert.equal(parseOriginPattern(item), taken))

  for (const item of [
    '',
    'null',
    'a.example',
    'a.example:443',
    '//a.example',
    'https:a.example',
    'https://',
    'https://a.example/app',
    'https://a.example//',
    'https://a.example?x',
    'https://a.example#x',
    'https://user:secret@a.example',
    'https://a.example:65536',
    'https://a.example:',
    'https://a b.example',
    'https://a.example\\',
    'https://*',
    'https://*.',
    'https://*..example.com',
    'https://a.*.example.com',
    'https://*a.example.com',
    'https://*.*.example.com',
    'https://*.10.0.0.1',
    'https://*.[::1]',
    'https://a.example:*0',
    '*://a.example',
    'capacitor://',
    'javascript://a.example',
    'data://a',
    'blob:https://a.example',
    'https://%zz.example',
  ])
    it(`${item || 'nothing'} is none`, () => assert.equal(parseOriginPattern(item), undefined))
})

describe('allowed origins', () => {
  const allowed = allowOrigins([
    'https://a.example',
    'capacitor://localhost',
    'https://*.example.com',
    'http://localhost:*',
  ])

  for (const origin of [
    'https://a.example',
    'https://A.EXAMPLE',
    'https://a.example:443',
    'capacitor://localhost',
    'https://app.example.com',
    'https://deep.below.example.com',
    'https://app.example.com:443',
    'http://localhost',
    'http://localhost:80',
    'http://localhost:5173',
  ])
    it(`have ${origin}`, () => assert.equal(allowed.has(origin), true))

  for (const origin of [
    'null',
    '',
    'http://a.example',
    'https://a.example:8443',
    'https://a.example.evil.example',
    'capacitor://localhost:1',
    'capacitor://evil',
    'https://example.com',
    'https://evilexample.com',
    'https://.example.com',
    'https://app.example.com.evil.example',
    'https://app.example.com:8443',
    'http://app.example.com',
    'https://localhost:5173',
    'http://localhost.evil.example:5173',
    'http://evil@localhost:5173',
    'http://localhost:5173/path',
    'http://localhost:*',
    'https://a.example, https://evil.example',
  ])
    it(`have not ${origin || 'nothing'}`, () => assert.equal(allowed.has(origin), false))

  it('none: nobody', () => assert.equal(allowOrigins([]).has('https://a.example'), false))
  it('a star: everybody', () => assert.equal(allowOrigins(['*']).has('null'), true))
})
