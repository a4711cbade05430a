import assert from 'node:assert/strict'
import { test } from 'node:test'
import { floatingPromisesIn } from './promises.ts'
import { openPages, openPlanted, openRepository, type Sources } from './sources.ts'

function floating({ files, checker }: Sources): string[] {
  return files.flatMap((source) => floatingPromisesIn(source, checker))
}

test('no promise is dropped by accident', () => {
  using repository = openRepository()
  assert.deepEqual(floating(repository), [])
  using pages = openPages()
  assert.deepEqual(floating(pages), [])
})

const DROPPED = `
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { fastify } from 'fastify'
import { open } from 'lmdb'
async function own(): Promise<void> {}
const app = fastify()
const database = open({ path: '' })
export function drop(port: { put(): Promise<void> }, flag: boolean): void {
  own()
  sleep(1)
  port.put()
  app.close()
  database.put('a', 1)
  flag && own()
  flag ? own() : undefined
  own().then(() => {})
  own().finally(() => {})
  new Promise(() => {})
}
test('a', (t) => {
  t.test('b', () => {})
})
`

const KEPT = `
import { describe, it, test } from 'node:test'
import { fastify } from 'fastify'
async function own(): Promise<void> {}
const app = fastify()
export async function keep(list: string[]): Promise<void> {
  void own()
  await own()
  own().catch(() => {})
  own().then(() => {}, () => {})
  own().catch(() => {}).finally(() => {})
  let later: Promise<void> | undefined
  later = own()
  later ??= own().finally(() => {})
  app.register(async () => {})
  list.push('a')
  return later
}
describe('a', () => {
  it('b', async () => {})
})
test.skip('c', () => {})
`

test('each planted one is found, on its own line', () => {
  using planted = openPlanted({ 'server/src/http/planted.ts': DROPPED })
  const first = DROPPED.split('\n').indexOf('  own()') + 1
  const expected = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((offset) => first + offset)
  const subtest = DROPPED.split('\n').indexOf("  t.test('b', () => {})") + 1
  assert.deepEqual(
    floating(planted).map((found) => Number(found.split(':')[1])),
    [...expected, subtest],
  )
})

test('what is awaited, handled or dropped on purpose is not reported', () => {
  using planted = openPlanted({ 'server/src/http/planted.ts': KEPT })
  assert.deepEqual(floating(planted), [])
})
