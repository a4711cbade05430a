import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import type { UserKey } from '../store.ts'
import { Partitions } from './connection/partitions.ts'
import { OutOfReach } from './out-of-reach.ts'

const partitions = new Partitions(2, '')
const [ALICE, BOB] = [0, 1].map((partition) => {
  for (let number = 0; ; number++) {
    const user = { organizationId: 'acme', userId: `user ${number}` }
    if (partitions.ofUser(user) === partition) return user
  }
}) as [UserKey, UserKey]

function watch() {
  const clock = createFakeClock()
  const away = new Set<number>()
  const told: ((user: UserKey) => boolean)[] = []
  const watched = new OutOfReach({
    ...{ clock, partitions, isUp: (partition) => !away.has(partition) },
    onOutOfReach: (isConcerned) => void told.push(isConcerned),
  })
  const concerned = () => told.map((is) => [is(ALICE), is(BOB)])
  return { clock, away, watched, concerned }
}

it('a part of the store that is not reached for a minute is told once, by its users, until it is there again', async () => {
  const { clock, away, watched, concerned } = watch()
  away.add(0)
  await clock.advance(59_000)
  assert.deepEqual(concerned(), [])
  await clock.advance(2_000)
  assert.deepEqual(concerned(), [[true, false]])
  await clock.advance(600_000)
  assert.deepEqual(concerned(), [[true, false]], 'once')
  away.clear()
  await clock.advance(500)
  assert.deepEqual(concerned(), [[false, false]], 'those that are not closed yet stay')
  away.add(0).add(1)
  await clock.advance(61_000)
  assert.deepEqual(concerned().slice(1), [[true, true]])
  watched.close()
})

it('neither short outages nor a process that stood still make a minute', async () => {
  const { clock, away, watched, concerned } = watch()
  for (let outage = 0; outage < 20; outage++) {
    away.add(0)
    await clock.advance(30_000)
    away.clear()
    await clock.advance(500)
  }
  away.add(1)
  await clock.stall(600_000)
  await clock.advance(30_000)
  assert.deepEqual(concerned(), [])
  watched.close()
})
