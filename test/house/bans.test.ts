import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bannedUsesIn } from './bans.ts'
import { openPlanted, openRepository, type Source } from './sources.ts'

/** The client and the benchmark run outside the server and keep their own time. */
function isBound({ path }: Source): boolean {
  return /^(server|protocol)\/src\//.test(path)
}

test('time, randomness and the process are handed in', () => {
  using repository = openRepository()
  const files = repository.files.filter(isBound)
  assert.ok(files.length > 0)
  assert.deepEqual(files.flatMap(bannedUsesIn), [])
})

const BANNED = `
import { randomBytes, randomUUID as makeId } from 'node:crypto'
import { env, pid } from 'node:process'
Date.now()
globalThis.Date.now()
Date['now']()
new Date()
new Date
Date()
setTimeout(() => {}, 1)
const later = setInterval
globalThis.setImmediate(later)
performance.now()
Math.random()
crypto.randomUUID()
AbortSignal.timeout(5)
process.env['HOME']
process.exit(1)
process.hrtime.bigint()
`

const ALLOWED = `
import { createHash } from 'node:crypto'
import { pid } from 'node:process'
new Date(1234).toISOString()
Date.parse('2020-01-01')
socket.setTimeout(0)
clock.after(1, () => {})
const timers = { setTimeout: 1 }
queueMicrotask(() => {})
process.nextTick(() => {})
process.memoryUsage()
Math.floor(1.5)
// Date.now() in a comment, and
const text = 'Date.now()'
`

test('each planted use is found, on its own line', () => {
  using planted = openPlanted({ 'server/src/http/planted.ts': BANNED })
  const lines = planted.files.flatMap(bannedUsesIn).map((found) => Number(found.split(':')[1]))
  const expected = BANNED.split('\n').flatMap((text, index) => (text === '' ? [] : [index + 1]))
  assert.deepEqual([...new Set(lines)], expected)
})

test('what only looks like one is not', () => {
  using planted = openPlanted({ 'server/src/http/planted.ts': ALLOWED })
  assert.deepEqual(planted.files.flatMap(bannedUsesIn), [])
})

test('the rooms that may, may, and no more than that', () => {
  using planted = openPlanted({
    'server/src/clock/clock.ts': 'Date.now(); setTimeout(() => {}, 1); process.env',
    'server/src/main.ts': 'process.env; process.exit(0); Date.now()',
    'server/src/config/config.ts': 'process.env; process.argv',
    'server/src/store/embedded/scan.ts': 'setImmediate(() => {}); setTimeout(() => {}, 1)',
    'server/src/auth/auth.test.ts': 'Math.random(); setImmediate(() => {}); Date.now()',
  })
  const found = planted.files.flatMap(bannedUsesIn).map((text) => text.split(': ').slice(0, 2).join(' '))
  assert.deepEqual(found, [
    'server/src/clock/clock.ts:1 process.env',
    'server/src/main.ts:1 Date.now',
    'server/src/config/config.ts:1 process.argv',
    'server/src/store/embedded/scan.ts:1 setTimeout',
    'server/src/auth/auth.test.ts:1 Date.now',
  ])
})
