import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Case } from '../cases/case.ts'
import { renewedPage, resultsPage } from './page.ts'
import { resultsPicture } from './picture.ts'
import { resultOf } from './result.ts'
import { percentile, spreadOf } from './statistics.ts'
import { terminalTable } from './terminal.ts'

const CASE: Case = {
  name: 'push',
  title: 'Pushing',
  measures: [
    { name: 'work', unit: '/CPU-s', target: { atLeast: 1_000 }, elsewhere: 'others 9' },
    { name: 'p99', unit: 'µs', target: { atMost: 300 } },
    { name: 'busy', unit: '%' },
  ],
  hasReference: true,
  isLong: false,
  users: () => 0,
  run: async () => [],
}

const AMOUNTS = { measuredSeconds: 1, warmUpSeconds: 0, scale: 1 }

function resultWith(rollcall: readonly number[], reference: readonly number[]) {
  return resultOf(
    CASE,
    { runs: 3, amounts: AMOUNTS },
    new Map([
      ['rollcall', rollcall.map((value) => spreadOf([value - 1, value, value + 2]))],
      ['reference', reference.map((value) => spreadOf([value]))],
    ]),
  )
}

test('a target holds by the median, at least or at most', () => {
  const holds = (values: readonly number[]) => resultWith(values, [2, 2, 2]).rows.map((row) => row.holds)
  assert.deepEqual(holds([1_000, 300, 5]), [true, true, undefined])
  assert.deepEqual(holds([999, 301, 5]), [false, false, undefined])
})

test('the table shows median, spread, ratio, target and whether it holds', () => {
  const lines = terminalTable([resultWith([1_500, 400, 50], [3_000, 200, 100])]).split('\n')
  assert.deepEqual(
    lines.map((line) => line.trim().split(/ {2,}/)).filter(([first]) => first === 'work' || first === 'p99'),
    [
      ['work', '1,500 (1,499–1,502) /CPU-s', '3,000 /CPU-s', '0.50', '≥ 1,000', 'yes'],
      ['p99', '400 (399–402) µs', '200 µs', '2.00', '≤ 300', 'NO'],
    ],
  )
})

test('a case that failed is told, and has no numbers', () => {
  const failed = { name: 'push', title: 'Pushing', runs: 3, rows: [], failure: '3 lost' }
  assert.match(terminalTable([failed]), /FAILED: 3 lost/)
  assert.match(resultsPage([failed], {}, 'command', 1, 'abc'), /\*\*Failed\*\*: 3 lost/)
})

test('a page of scaled counts says so', () => {
  const result = resultWith([1_500, 400, 50], [3_000, 200, 100])
  assert.match(resultsPage([result], { CPU: '2' }, 'command', 0.1, 'abc'), /multiplied by 0\.1/)
  assert.doesNotMatch(resultsPage([result], { CPU: '2' }, 'command', 1, 'abc'), /multiplied/)
})

test('median and percentiles', () => {
  assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, min: 1, max: 3 })
  assert.deepEqual(spreadOf([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 })
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
  assert.deepEqual(
    [50, 99, 100].map((percent) => percentile(hundred, percent)),
    [50, 99, 100],
  )
})

test('what was measured on Redis stands beside the folder, with its ratio to it, and has to be within the target', () => {
  const of = (values: readonly number[]) => values.map((value) => spreadOf([value]))
  const result = (redis: readonly number[]) =>
    resultOf(
      CASE,
      { runs: 1, amounts: AMOUNTS },
      new Map([
        ['rollcall', of([2_000, Number.NaN, 90])],
        ['redis', of(redis)],
      ]),
    )
  const found = result([1_000, 200, 95])
  assert.deepEqual(
    found.rows.map(({ rollcall, stores, holds }) => [rollcall?.median, stores?.[0]?.ratio, holds]),
    [
      [2_000, 0.5, true],
      [undefined, undefined, true],
      [90, undefined, undefined],
    ],
  )
  assert.equal(result([999, 200, 95]).rows[0]?.holds, false)
  assert.match(terminalTable([found]), /on Redis +ratio\n[\s\S]* {2}work .* 1,000 \/CPU-s +0\.50/)
  const page = resultsPage([found], {}, 'command', 1, 'abc')
  assert.match(page, /\| \| in a folder \| on Redis \| ratio \| target \| holds \|/)
  assert.match(page, /\| work \| 2,000 \/CPU-s \| 1,000 \/CPU-s \| 0\.50 \| ≥ 1,000 \| yes \|/)
})

test('what was tried out with fewer of everything names as many as there were', () => {
  const measured: Case = {
    ...CASE,
    title: (many) => `Pushing to ${many(20_000)} links`,
    measures: [{ name: (many) => `p99 of ${many(1_000)}`, unit: 'µs' }],
  }
  const result = resultOf(
    measured,
    { runs: 1, amounts: { ...AMOUNTS, scale: 0.1 } },
    new Map([['rollcall', [spreadOf([7])]]]),
  )
  assert.match(terminalTable([result]), /push: Pushing to 2,000 links\n {2}p99 of 100 +7 µs/)
  assert.match(
    resultsPage([result], {}, 'command', 0.1, 'abc'),
    /Pushing to 2,000 links[\s\S]*\| p99 of 100 \| 7 µs/,
  )
})

test('the picture has a bar for each median of work, all by one scale, and what is measured otherwise has none', () => {
  const result = { ...resultWith([1_500, 400, 50], [3_000, 200, 100]), peerName: 'R & <D>' }
  const [work, ...others] = result.rows
  assert.ok(work !== undefined)
  const picture = resultsPicture([{ ...result, rows: [{ ...work, peer: spreadOf([750]) }, ...others] }]) ?? ''
  const widths = [...picture.matchAll(/class="(rollcall|reference|peer)" [^>]*width="([\d.]+)"/g)]
  const [own = 0, reference = 0, peer = 0] = widths.map(([, , width]) => Number(width))
  assert.equal(widths.length, 3)
  assert.ok(Math.abs(reference / own - 2) < 0.01)
  assert.ok(Math.abs(own / peer - 2) < 0.01)
  assert.match(picture, />push<.*\n.*\n.*\n.*>1,500 Rollcall</)
  assert.match(picture, />750 R &amp; &lt;D></)
  assert.doesNotMatch(picture, /p99|busy/)
  assert.equal(resultsPicture([]), undefined)
})

test('what people have written above the tables stays when they are measured anew', () => {
  const first = renewedPage('', 'first\n')
  assert.match(first, /^# Results\n\n<!-- .* -->\n\nfirst\n$/)
  const edited = first.replace('# Results\n', '# Results\n\nBy hand.\n')
  const second = renewedPage(edited, 'second\n')
  assert.match(second, /^# Results\n\nBy hand\.\n\n<!--/)
  assert.match(second, /second\n$/)
  assert.doesNotMatch(second, /first/)
})

test('what was not measured anew stays, with the commit it was measured of', () => {
  const result = resultWith([1_500, 400, 50], [3_000, 200, 100])
  const pageOf = (names: readonly string[], commit: string) =>
    resultsPage(
      names.map((name) => ({ ...result, name })),
      {},
      'command',
      1,
      commit,
    )
  const first = renewedPage('', pageOf(['pull', 'push'], 'abc'))
  const second = renewedPage(first, pageOf(['push', 'shove'], 'def'))
  const said = [...second.matchAll(/### `(\w+)`.*\n\n3 runs of `(\w+)`/g)].map((found) => found.slice(1))
  assert.deepEqual(said, [
    ['pull', 'abc'],
    ['push', 'def'],
    ['shove', 'def'],
  ])
  assert.equal(renewedPage(second, pageOf(['push', 'shove'], 'def')), second)
})
