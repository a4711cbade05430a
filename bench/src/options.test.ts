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

test('the cases of Redis run only where one is asked for, and then alone', () => {
  assert.ok(read().cases.every(({ onRedis }) => onRedis === undefined))
  const asked = read('--redis-cluster')
  assert.ok(asked.cases.length > 0 && asked.cases.every(({ onRedis }) => onRedis !== undefined))
  assert.deepEqual(asked.subjects, ['rollcall', 'reference', 'redis-cluster'])
  assert.deepEqual(read('--subject', 'redis').subjects, ['redis'])
})
