import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Amounts, type Case, labelOf } from './case.ts'
import { allCases } from './cases.ts'

/** What there may be fewer of; rates and sizes stay as they are. */
const COUNTED =
  /([\d,]+) (?:links|users|devices|registrations|bearer tokens)\b|of ([\d,]{3,})(?![\d,]| bytes)/g

function countsOf({ title, measures }: Case, scale: number): readonly number[] {
  const amounts: Amounts = { measuredSeconds: 1, warmUpSeconds: 0, scale }
  const labels = [title, ...measures.map(({ name }) => name)].map((label) => labelOf(label, amounts))
  return [...labels.join('\n').matchAll(COUNTED)].map(([, counted, of]) =>
    Number((counted ?? of ?? '').replaceAll(',', '')),
  )
}

for (const one of allCases())
  test(`${one.name} names as many as there are, where counts are multiplied by a tenth`, () => {
    const full = countsOf(one, 1)
    assert.deepEqual(
      countsOf(one, 0.1),
      full.map((count) => count / 10),
    )
  })

test('labels of most cases name counts', () => {
  const naming = allCases().filter((one) => countsOf(one, 1).length > 0)
  assert.ok(naming.length >= 15, naming.map(({ name }) => name).join())
})
