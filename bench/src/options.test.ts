import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allCases } from './cases/cases.ts'
import { readOptions, UsageError } from './options.ts'

function read(...args: string[]) {
  const options = readOptions(args, allCases())
  assert.ok(options !== 'help')
  return options
}

test('the long cases run only where they are asked for', () => {
  const names = (...args: string[]) => read(...args).cases.map(({ name }) => name)
  assert.ok(!names().includes('restart') && names().includes('qos0'))
  assert.ok(names('--all').includes('restart'))
  assert.deepEqual(names('--only', 'restart,qos1'), ['qos1', 'restart'])
})

for (const args of [
  ['--only', 'qos2'],
  ['--runs', '0'],
  ['--runs', '21'],
  ['--seconds', 'many'],
  ['--scale', '2'],
  ['--subject', 'nginx'],
  ['--fast'],
  ['qos0'],
])
  test(`${args.join(' ')} is refused`, () => {
    assert.throws(() => read(...args), UsageError)
  })
