import assert from 'node:assert/strict'
import { type Cases, ENDPOINT, keyOf, type Scene, textOf } from './scene.ts'

/** Four endpoints of one user. */
export async function registerMany(scene: Scene) {
  const named = (userEndpointId: string) => scene.register({ userEndpointId, keepAliveSeconds: 600 })
  return [await named('phone'), await named('tab'), await named('tv'), await named('watch')] as const
}

export const mailboxCases: Cases = {
  'an event goes to the named endpoint, or to all live ones, and comes back as it was': async (scene) => {
    const phone = await scene.register()
    const tab = await scene.register({ userEndpointId: 'tab' })
    await scene.register({ userId: 'bob' })
    const event = {
      eventId: 'é',
      payload: Buffer.from([0, 255, 128, 10]),
      sealed: true,
      acceptedAtWallMs: 12.5,
    }
    const named = await scene.append('', { event })
    assert.deepEqual(named, {
      accepted: [{ registration: keyOf(phone), sequence: named.accepted[0]?.sequence, follows: 0 }],
      full: [],
    })
    const { organizationId, userId } = ENDPOINT
    const toAll = { organizationId, userId, event, eventsMax: 9, bytesMax: 9 }
    const all = await scene.store.mailboxes.append(toAll)
    assert.deepEqual(
      all.accepted.map(({ registration }) => registration),
      [phone, tab].map(keyOf),
    )
    const [entry] = await scene.read(tab)
    assert.deepEqual(
      { ...entry, payload: Buffer.from(entry?.payload ?? []) },
      { ...event, sequence: all.accepted[1]?.sequence },
    )
    assert.equal(await scene.depth(phone), 2)
    // What was sent before may be followed without a look: the newest entry there was, or none.
    const next = await scene.append('x', { userEndpointId: phone.userEndpointId })
    assert.deepEqual(
      next.accepted[0]?.follows,
      all.accepted.find((entry) => entry.registration.registrationId === phone.registrationId)?.sequence,
    )
  },

  'a large event to many endpoints is in each mailbox until its own entry ends, however that is': async (
    scene,
  ) => {
    const registrations = await registerMany(scene)
    const [phone, tab, tv, watch] = registrations
    const large = 'large '.repeat(2_000)
    const { accepted } = await scene.appendToAll(large)
    assert.equal(accepted.length, registrations.length)
    await scene.appendToAll('small')
    const counted = { mailboxEvents: 8, mailboxBytes: 4 * (large.length + 'small'.length) }
    assert.deepEqual(await scene.store.totals('acme'), { registrations: 4, ...counted })
    for (const registration of registrations)
      assert.deepEqual(await scene.payloads(registration), [large, 'small'])

    await scene.discard(phone, accepted[0]?.sequence ?? 0)
    await scene.unregister(tab)
    assert.deepEqual(await scene.payloads(phone), ['small'])
    for (const registration of [tv, watch])
      assert.deepEqual(await scene.payloads(registration), [large, 'small'])
    await scene.discard(tv, accepted[2]?.sequence ?? 0)
    assert.deepEqual(await scene.payloads(watch), [large, 'small'])
    await scene.discard(watch, accepted[3]?.sequence ?? 0)
    assert.deepEqual(await scene.payloads(watch), ['small'])
  },

  'without a live endpoint nobody takes it': async (scene) => {
    await scene.register()
    assert.deepEqual(await scene.append('x', { userEndpointId: 'other' }), { accepted: [], full: [] })
    assert.deepEqual(await scene.append('x', { organizationId: 'globex' }), { accepted: [], full: [] })
    await scene.under.advance(10_000)
    assert.deepEqual(await scene.append('x'), { accepted: [], full: [] })
  },

  'entries are read in order, after a sequence, within bounds': async (scene) => {
    const registration = await scene.register()
    const appended = await Promise.all(['one', 'two', 'three', 'four'].map((text) => scene.append(text)))
    const sequences = appended.map(({ accepted }) => accepted[0]?.sequence ?? 0)
    assert.deepEqual(
      sequences,
      [...sequences].sort((a, b) => a - b),
    )
    assert(sequences.every((sequence) => sequence > 0))
    const texts = async (after: number, entriesMax: number, bytesMax: number) =>
      (await scene.read(registration, after, entriesMax, bytesMax)).map(textOf)
    assert.deepEqual(await texts(0, 1000, 1000), ['one', 'two', 'three', 'four'])
    assert.deepEqual(await texts(sequences[1] ?? 0, 1000, 1000), ['three', 'four'])
    assert.deepEqual(await texts(0, 2, 1000), ['one', 'two'])
    assert.deepEqual(await texts(0, 1000, 6), ['one', 'two'])
    assert.deepEqual(await texts(0, 1000, 10), ['one', 'two'])
    assert.deepEqual(await texts(0, 1000, 1), ['one'], 'the first however large')
    assert.deepEqual(await texts(sequences[3] ?? 0, 1000, 1000), [])
  },

  'removing takes out one, in any order, and what is unknown is ignored': async (scene) => {
    const registration = await scene.register()
    const other = await scene.register({ userEndpointId: 'tab' })
    const sequences: number[] = []
    for (const text of ['one', 'two', 'three'])
      sequences.push((await scene.append(text)).accepted[0]?.sequence ?? 0)
    await scene.discard(registration, sequences[1] ?? 0)
    await scene.discard(registration, sequences[1] ?? 0)
    await scene.discard(registration, 999_999)
    await scene.discard(other, sequences[0] ?? 0)
    await scene.discard({ ...registration, registrationId: 999_999 }, sequences[0] ?? 0)
    assert.equal(await scene.depth(registration), 2)
    assert.deepEqual(await scene.payloads(registration), ['one', 'three'])
    assert.deepEqual(await scene.store.totals(), { registrations: 2, mailboxEvents: 2, mailboxBytes: 8 })
  },

  'a sequence is never used again within a registration, also when all are gone': async (scene) => {
    const registration = await scene.register()
    let last = 0
    for (const text of ['one', 'two', 'three']) {
      const sequence = (await scene.append(text)).accepted[0]?.sequence ?? 0
      assert(sequence > last)
      await scene.discard(registration, sequence)
      last = sequence
    }
    assert.deepEqual(await scene.payloads(registration), [])
  },

  'a full mailbox takes nothing, the others do': async (scene) => {
    const phone = keyOf(await scene.register())
    await scene.append('12345')
    const tab = keyOf(await scene.register({ userEndpointId: 'tab' }))
    const { organizationId, userId } = ENDPOINT
    const event = { eventId: 'x', payload: Buffer.from('678'), sealed: false, acceptedAtWallMs: 0 }
    const append = async (eventsMax: number, bytesMax: number) => {
      const request = { organizationId, userId, event, eventsMax, bytesMax }
      const { accepted, full } = await scene.store.mailboxes.append(request)
      return [accepted.map(({ registration }) => registration), full]
    }
    assert.deepEqual(await append(1, 1000), [[tab], [phone]])
    assert.deepEqual(await append(1000, 7), [[tab], [phone]])
    assert.deepEqual(await append(2, 7), [[], [phone, tab]])
    assert.deepEqual(await append(1000, 9), [[phone, tab], []])
    assert.deepEqual(await append(1000, 2), [[], [phone, tab]])
  },

  'a registration reads only its own mailbox': async (scene) => {
    const first = await scene.register()
    await scene.unregister()
    const second = await scene.register()
    await scene.append('for the second')
    assert.deepEqual(await scene.payloads(first), [])
    assert.equal(await scene.depth(first), 0)
    assert.deepEqual(await scene.payloads(second), ['for the second'])
  },

  'an answer is remembered with the event, for its key, caller and time': async (scene) => {
    const owner = { organizationId: 'acme', userId: 'backend' }
    const find = (key: string, caller = owner) => scene.reply(caller, key)
    assert.equal(await find('k'), undefined)
    await scene.send('to nobody', scene.claimOf(owner, 'k', 600))
    assert.deepEqual(await find('k'), { eventId: 'id of to nobody', count: 0 })
    await scene.register()
    await scene.send('to one', scene.claimOf(owner, '__proto__', 600))
    assert.deepEqual(await find('__proto__'), { eventId: 'id of to one', count: 1 })
    assert.equal(await find('k', { ...owner, userId: 'other' }), undefined)
    assert.equal(await find('k', { ...owner, organizationId: 'globex' }), undefined)
    await scene.under.advance(599)
    assert.notEqual(await find('k'), undefined)
    await scene.under.advance(1)
    assert.equal(await find('k'), undefined)
  },

  'an answer is not remembered when full mailboxes kept the event out': async (scene) => {
    await scene.register()
    const owner = { organizationId: 'acme', userId: 'backend' }
    const claim = scene.claimOf(owner, 'k')
    await scene.send('too much', claim, { eventsMax: 0 })
    assert.equal(await scene.reply(owner, 'k'), undefined)
    assert.equal(await scene.store.replies.resolve(ENDPOINT, claim.token), undefined)
  },
}
