import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reachOf, shortStanding, standingOf } from './standing.ts'

const sentence = (registered: number, connected: number): string => {
  const { before, after } = standingOf({ registered, connected })
  return `${before}bob${after}`
}

test('who is reachable is said in one line', () => {
  assert.equal(sentence(0, 0), 'Nobody is registered as bob')
  assert.equal(sentence(1, 0), 'bob has 1 device registered, none connected')
  assert.equal(sentence(2, 0), 'bob has 2 devices registered, none connected')
  assert.equal(sentence(1, 1), 'bob is reachable: the only device is connected')
  assert.equal(sentence(3, 2), 'bob is reachable: 2 of 3 devices connected')
})

test('what it means for a sender, and how good that is', () => {
  assert.match(standingOf({ registered: 1, connected: 0 }).meaning, /QoS 1 wait.*others are lost/)
  assert.deepEqual(
    [0, 1, 2].map((connected) => standingOf({ registered: 2, connected }).tone),
    ['busy', 'good', 'good'],
  )
  assert.equal(standingOf({ registered: 0, connected: 0 }).tone, 'bad')
})

test('in a list it is a word or two', () => {
  const said = [reachOf([]), reachOf([{ connected: false }]), reachOf([{ connected: true }])].map(
    (reach) => shortStanding(reach).text,
  )
  assert.deepEqual(said, ['Nobody there', 'Registered, not connected', 'Reachable'])
})
