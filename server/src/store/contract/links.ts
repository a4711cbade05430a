import assert from 'node:assert/strict'
import type { HeldEntry, Registration } from '../store.ts'
import { heldEntry, linkOf } from './entries.ts'
import { type Cases, ENDPOINT, keyOf, type Scene } from './scene.ts'

const BOUNDS = { eventsMax: 10, bytesMax: 1000 }

/** An event that may be replaced, or whose time ends; as a link would know it. */
async function appendTermed(
  scene: Scene,
  registration: Registration,
  text: string,
  lifetimeMs?: number,
): Promise<HeldEntry> {
  const expiresAtWallMs =
    lifetimeMs === undefined ? {} : { expiresAtWallMs: scene.under.wallMs() + lifetimeMs }
  const event = { eventId: text, payload: Buffer.from(text), sealed: false, acceptedAtWallMs: 0 }
  const wanted = { event: { ...event, ...expiresAtWallMs }, collapseKey: 'k' }
  const { accepted } = await scene.append(text, { ...wanted, userEndpointId: registration.userEndpointId })
  return { registration: keyOf(registration), sequence: accepted[0]?.sequence ?? 0, eventId: text }
}

const holding: Cases = {
  'a mailbox is handed to the link that holds it, and to no other': async (scene) => {
    const { links, mailboxes } = scene.store
    const phone = await scene.register()
    await scene.append('one')
    assert.deepEqual(await mailboxes.take(phone, linkOf(1), 0, 9, 999), [], 'nobody holds it')
    assert.equal(await links.attach(phone, linkOf(1)), true)
    assert.equal((await mailboxes.take(phone, linkOf(1), 0, 9, 999)).length, 1)
    assert.deepEqual(await mailboxes.take(phone, linkOf(2), 0, 9, 999), [])
    await links.attach(phone, linkOf(2))
    assert.deepEqual(await mailboxes.take(phone, linkOf(1), 0, 9, 999), [], 'another took its place')
    assert.equal((await mailboxes.take(phone, linkOf(2), 0, 9, 999)).length, 1)
    await links.detach(phone, linkOf(2), 'unsubscribed')
    assert.deepEqual(await mailboxes.take(phone, linkOf(2), 0, 9, 999), [])
  },

  'a late detach of a former link changes nothing': async (scene) => {
    const { links, mailboxes } = scene.store
    const phone = await scene.register()
    await links.attach(phone, linkOf(1))
    await links.attach(phone, linkOf(2))
    const entry = await appendTermed(scene, phone, 'old')
    assert.equal(await mailboxes.claim(entry, linkOf(2)), 'in_flight')
    await links.detach(phone, linkOf(1), 'connection_lost')
    assert.equal((await mailboxes.take(phone, linkOf(2), 0, 9, 999)).length, 1)
    const { replaced } = await scene.append('new', { collapseKey: 'k' })
    assert.equal(replaced, undefined, 'it still is in flight')
  },

  'nobody holds a registration that has ended, and whoever held it lets go': async (scene) => {
    const { links } = scene.store
    const phone = await scene.register()
    await links.attach(phone, linkOf(1))
    await scene.unregister()
    await links.detach(phone, linkOf(1), 'connection_lost')
    assert.equal(await links.attach(phone, linkOf(2)), false)
    const again = await scene.register()
    assert.equal(await links.attach(phone, linkOf(2)), false, 'it is another one now')
    assert.equal(await links.attach(again, linkOf(2)), true)
  },

  'the feed hears of a link, of the one that takes its place, and of the last that goes': async (scene) => {
    const { feed, links } = scene.store
    const types = new Set(['UserEndpointConnectedEvent', 'UserEndpointDisconnectedEvent'] as const)
    await feed.watch([{ organizationId: 'acme', types, webhookIds: ['h'] }])
    const phone = await scene.register()
    await links.attach(phone, linkOf(1))
    await links.attach(phone, linkOf(2))
    await links.detach(phone, linkOf(1), 'connection_lost')
    await scene.unregister()
    await links.detach(phone, linkOf(2), 'unsubscribed')
    await links.detach(phone, linkOf(2), 'unsubscribed')
    const told = (await feed.read('acme', 0, 99)).map(({ reason }) => reason)
    assert.deepEqual(told, ['subscribed', 'taken_over', 'subscribed', 'unsubscribed'])
  },
}

const claiming: Cases = {
  'what has terms or is to be answered must be claimed, and nothing else': async (scene) => {
    const { links, mailboxes } = scene.store
    const phone = await scene.register()
    await scene.register({ userEndpointId: 'tab' })
    await links.attach(phone, linkOf(1))
    const { organizationId, userId, userEndpointId } = ENDPOINT
    const cancel = { eventId: 'c', payload: Buffer.from('c'), sealed: false }
    const call = { senderId: 's', endsAtWallMs: scene.under.wallMs() + 9000, masks: [] }
    const event = { eventId: 'all', payload: Buffer.from('all'), sealed: false, acceptedAtWallMs: 0 }
    await scene.append('plain')
    await appendTermed(scene, phone, 'replaceable')
    await scene.append('call', { userEndpointId, call })
    await mailboxes.append({ organizationId, userId, event, cancelOthers: cancel, ...BOUNDS })
    const page = await mailboxes.take(phone, linkOf(1), 0, 9, 999)
    assert.deepEqual(
      page.map(({ payload, mustBeClaimed }) => [Buffer.from(payload).toString(), mustBeClaimed === true]),
      [
        ['plain', false],
        ['replaceable', true],
        ['call', true],
        ['all', true],
      ],
    )
  },

  'what is claimed is in flight as long as its link holds, and only then': async (scene) => {
    const { links, mailboxes } = scene.store
    const phone = await scene.register()
    const first = await appendTermed(scene, phone, 'first')
    assert.equal(await mailboxes.claim(first, linkOf(1)), 'gone', 'it holds nothing')
    await links.attach(phone, linkOf(1))
    assert.equal(await mailboxes.claim(first, linkOf(2)), 'gone')
    assert.equal(await mailboxes.claim(first, linkOf(1)), 'in_flight')
    const second = await appendTermed(scene, phone, 'second')
    assert.deepEqual(await scene.store.mailboxes.take(phone, linkOf(1), first.sequence, 9, 999), [
      ...(await mailboxes.take(phone, linkOf(1), first.sequence, 1, 999)),
    ])
    await appendTermed(scene, phone, 'third')
    assert.equal(await mailboxes.claim(second, linkOf(1)), 'gone', 'a newer one took its place')
    await links.detach(phone, linkOf(1), 'connection_lost')
    await appendTermed(scene, phone, 'fourth')
    assert.deepEqual(await scene.payloads(phone), ['fourth'], 'nothing was in flight any more')
  },

  'one whose time is over ends when it is claimed, and is told of once': async (scene) => {
    const { links, mailboxes } = scene.store
    const phone = await scene.register()
    await links.attach(phone, linkOf(1))
    const entry = await appendTermed(scene, phone, 'mortal', 100)
    await scene.under.advance(100)
    assert.equal(await mailboxes.claim(entry, linkOf(1)), 'expired')
    assert.equal(await mailboxes.claim(entry, linkOf(1)), 'gone')
    assert.deepEqual(await scene.lapsed(), [])
    assert.equal((await scene.store.totals()).mailboxEvents, 0)
  },

  'what ended before it was durable is told as gone, or never was there': async (scene) => {
    const phone = await scene.register()
    const [first, second] = await Promise.all([
      scene.append('a', { collapseKey: 'k' }),
      scene.append('b', { collapseKey: 'k' }),
    ])
    assert.deepEqual(await scene.payloads(phone), ['b'])
    const position = { registration: keyOf(phone), sequence: first.accepted[0]?.sequence }
    assert.deepEqual(second.replaced, [position])
    assert.equal(second.gone, undefined)
    if (first.gone !== undefined)
      assert.deepEqual(
        first.gone.map(({ sequence }) => sequence),
        [position.sequence],
      )
  },
}

const ending: Cases = {
  'an entry ends by its own event only, whatever its place': async (scene) => {
    const { mailboxes } = scene.store
    const phone = await scene.register()
    const tab = await scene.register({ userEndpointId: 'tab' })
    await scene.append('mine')
    const entry = await heldEntry(scene.store, phone, (await scene.read(phone))[0]?.sequence ?? 0)
    const ended = async (wrong: Partial<HeldEntry>) =>
      (await mailboxes.end([{ ...entry, ...wrong }], 'acknowledged', BOUNDS)).ended.length
    assert.equal(await ended({ eventId: 'of a lost timeline' }), 0)
    assert.equal(await ended({ sequence: entry.sequence + 1 }), 0)
    assert.equal(await ended({ registration: tab }), 0)
    assert.deepEqual(await scene.payloads(phone), ['mine'])
    assert.equal(await ended({}), 1)
    assert.equal(await ended({}), 0, 'once')
  },

  'many end at once, in their order, and those that are not there are left out': async (scene) => {
    const phone = await scene.register()
    for (const text of ['a', 'b', 'c']) await scene.append(text)
    const all = (await scene.read(phone)).map(({ sequence, eventId }) => ({
      registration: keyOf(phone),
      sequence,
      eventId,
    }))
    const [a, b, c] = all
    assert(a !== undefined && b !== undefined && c !== undefined)
    const outcome = await scene.store.mailboxes.end(
      [c, { ...b, eventId: 'other' }, a, a],
      'discarded',
      BOUNDS,
    )
    assert.deepEqual(outcome, { ended: [c, a], cancellations: [], refused: [] })
    assert.deepEqual(await scene.payloads(phone), ['b'])
  },
}

/** Who holds what, and what is in flight. */
export const linkCases: Cases = { ...holding, ...claiming, ...ending }

/** The same over restarts and crashes. */
export const linkRestartCases: Cases = {
  'links end with the process, and what was in flight is not': async (scene) => {
    const { mailboxes } = scene.store
    const phone = await scene.register({ keepAliveSeconds: 60 })
    await scene.store.links.attach(phone, linkOf(1))
    const entry = await appendTermed(scene, phone, 'old')
    assert.equal(await mailboxes.claim(entry, linkOf(1)), 'in_flight')
    await scene.under.crash(10)
    assert.equal(await scene.store.mailboxes.claim(entry, linkOf(1)), 'gone')
    await appendTermed(scene, phone, 'new')
    assert.deepEqual(await scene.payloads(phone), ['new'])
  },

  'an acknowledgement finds its entry after a restart by its event, and no other': async (scene) => {
    const phone = await scene.register({ keepAliveSeconds: 60 })
    await scene.append('mine')
    const { sequence = 0, eventId = '' } = (await scene.read(phone))[0] ?? {}
    await scene.under.crash(10)
    const end = (eventId: string) =>
      scene.store.mailboxes.end([{ registration: phone, sequence, eventId }], 'acknowledged', BOUNDS)
    assert.equal((await end('other')).ended.length, 0)
    assert.equal((await end(eventId)).ended.length, 1)
  },
}
