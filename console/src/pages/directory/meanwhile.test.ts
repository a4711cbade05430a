import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filledFrom } from './filled.ts'
import { kindOf } from './kinds.ts'
import { meanwhile } from './meanwhile.ts'

const fields = kindOf('webhooks').fields.filter(({ isFinal }) => isFinal !== true)
const MEMBERS = { id: 'h', url: 'https://a/', events: ['A'], enabled: true, wakeUps: false, secrets: 1 }
const entry = (members: object, revision = 1) => ({
  id: 'h',
  revision,
  newSecret: undefined,
  members: { ...MEMBERS, ...members },
})

test('what nobody touched here follows what somebody else wrote, what was written here stays, and both are told', () => {
  const seen = entry({})
  const now = entry({ url: 'https://b/', enabled: false, secrets: 2 }, 2)
  const filled = { ...filledFrom(fields, seen.members), url: 'https://mine/' }
  const { filled: next, differences } = meanwhile(fields, seen, now, filled)
  assert.deepEqual([next['url'], next['enabled']], ['https://mine/', 'no'])
  assert.deepEqual(
    differences.map(({ name, before, now: is, mine }) => [name, before, is, mine]),
    [
      ['url', 'https://a/', 'https://b/', 'https://mine/'],
      ['enabled', 'yes', 'no', undefined],
      ['secrets', '1', '2', undefined],
    ],
  )
})

test('who wrote the same as somebody else has nothing to decide', () => {
  const seen = entry({})
  const filled = { ...filledFrom(fields, seen.members), url: 'https://b/' }
  const { differences } = meanwhile(fields, seen, entry({ url: 'https://b/' }, 2), filled)
  assert.deepEqual(
    differences.map(({ mine }) => mine),
    [undefined],
  )
  assert.deepEqual(meanwhile(fields, seen, entry({}, 3), filled), { filled, differences: [] })
})
