import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesUnder } from './links.ts'
import { ROOT } from './sources.ts'

/** Two runs of the same build differ by so much (bench/RESULTS.md). */
const TIE = 1.25

/** Each figure of the table in docs/guides/production.md: of which case of the benchmark it is, and of which row. */
const MEASURED: ReadonlyMap<string, readonly [name: string, row: string]> = new Map([
  ['events a second, QoS 0', ['qos0', 'work']],
  ['events a second, QoS 1, durable before the answer', ['qos1', 'work']],
  ['keepalives a second', ['keepalive', 'work']],
  ['registrations a second', ['register', 'work']],
  ['memory of a registration', ['memory-registrations', 'memory of a registration']],
  ['memory of an idle link', ['memory-links', 'memory of a link']],
  ['disk written for an event of 300 bytes, QoS 1', ['disk', '500 events/s']],
])

/** `1.1 kB`, `8,389 (8,367–8,521) bytes`, `18,000` as a number. */
function numberIn(text: string): number {
  const [, digits = '', thousand] = /([\d,.]+)(?: \([^)]*\))? ?(kB|KB)?/.exec(text) ?? []
  return Number(digits.replaceAll(',', '')) * (thousand === undefined ? 1 : 1000)
}

/** The first figure of a row of a case. */
function measured(results: string, name: string, row: string): number {
  // Beneath what people wrote of it.
  const section = results.split(/\n#{2,3} /).find((one) => one.startsWith(`\`${name}\`:`)) ?? ''
  const line = section.split('\n').find((one) => one.startsWith(`| ${row} | `))
  return numberIn(line?.split(' | ')[1] ?? assert.fail(`no ${row} of ${name} in bench/RESULTS.md`))
}

/** What the guide promises beyond what was measured. */
function promises(guide: string, results: string): readonly string[] {
  const [, section = ''] = guide.split('\n## Size it\n')
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)]
  return [...MEASURED].flatMap(([what, [name, row]]) => {
    const said = rows.find(([, label]) => label === what)?.[2] ?? assert.fail(`no row "${what}"`)
    const [promised, found] = [numberIn(said), measured(results, name, row)]
    const isCost = /memory|disk/.test(what)
    const isKept = isCost ? promised * TIE >= found : promised <= found * TIE
    return isKept ? [] : [`${what}: ${said} is promised, ${found} was measured`]
  })
}

const read = (path: string): string => filesUnder(ROOT).read(path)

test('nobody plans with more than was measured', () => {
  assert.deepEqual(promises(read('docs/guides/production.md'), read('bench/RESULTS.md')), [])
})

test('a promise that nothing holds is found', () => {
  const guide = read('docs/guides/production.md')
    .replace('| events a second, QoS 0 | 18,000 |', '| events a second, QoS 0 | 60,000 |')
    .replace('| memory of an idle link | 8.4 kB |', '| memory of an idle link | 1.4 kB |')
  const found = promises(guide, read('bench/RESULTS.md')).map((text) => text.split(':')[0])
  assert.deepEqual(found, ['events a second, QoS 0', 'memory of an idle link'])
})
