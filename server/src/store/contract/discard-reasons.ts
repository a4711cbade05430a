import assert from 'node:assert/strict'
import type { AppendRequest } from '../store.ts'
import { ACME, draft, send } from './history-scene.ts'
import { type Cases, ENDPOINT, type Scene } from './scene.ts'

const { organizationId, userId } = ENDPOINT
const BOUNDS = { eventsMax: 1000, bytesMax: 1_000_000 }

/** What the record says of each endpoint: why it was given up, or what else became of it. */
async function reasons(scene: Scene, eventId: string): Promise<{ readonly [endpoint: string]: string }> {
  const record = await scene.store.history.find(eventId, ACME)
  assert(record !== undefined)
  return Object.fromEntries(
    record.endpoints.map(({ userEndpointId, outcome, at }) => {
      for (const one of at) assert(one.outcome === 'discarded' || one.reason === undefined)
      return [userEndpointId, at.at(-1)?.reason ?? outcome]
    }),
  )
}

function append(scene: Scene, eventId: string, wanted: Partial<AppendRequest> = {}) {
  const event = { eventId, payload: Buffer.from('x'), sealed: false, acceptedAtWallMs: scene.under.wallMs() }
  const record = draft(scene, eventId, { qos: 1 })
  return scene.store.mailboxes.append({ organizationId, userId, event, record, ...BOUNDS, ...wanted })
}

const cancel = { eventId: 'over', payload: Buffer.from('over'), sealed: false }

/** Why what was discarded was: the history says it of every way there is. */
export const discardReasonCases: Cases = {
  'an endpoint that ended says how: by itself, by an operator, by a revocation': async (scene) => {
    for (const reason of ['requested', 'kicked', 'revoked'] as const) {
      await scene.register()
      await send(scene, reason)
      await scene.store.registrations.unregister(ENDPOINT, reason)
    }
    assert.deepEqual(await reasons(scene, 'requested'), { phone: 'unregistered' })
    assert.deepEqual(await reasons(scene, 'kicked'), { phone: 'kicked' })
    assert.deepEqual(await reasons(scene, 'revoked'), { phone: 'revoked' })
  },

  'one that expired is told from one that had come back before that was noticed': async (scene) => {
    await scene.register()
    await scene.register({ userEndpointId: 'tab' })
    await send(scene, 'e')
    await scene.under.advance(10_500)
    await scene.register()
    await scene.sweep()
    assert.deepEqual(await reasons(scene, 'e'), { phone: 'registered_anew', tab: 'registration_expired' })
  },

  'one that made room for a newer one': async (scene) => {
    await scene.register()
    await send(scene, 'e')
    await scene.tryToRegister({ userEndpointId: 'tab', mayEvict: true }, 1)
    assert.deepEqual(await reasons(scene, 'e'), { phone: 'evicted' })
  },

  'a mailbox without room, and a newer event that took the place': async (scene) => {
    await scene.register()
    await append(scene, 'old', { collapseKey: 'k' })
    await scene.register({ userEndpointId: 'tab' })
    await append(scene, 'new', { collapseKey: 'k' })
    await append(scene, 'full', { eventsMax: 1 }).catch(() => undefined)
    assert.deepEqual(await reasons(scene, 'old'), { phone: 'collapsed' })
    await scene.register({ userEndpointId: 'tv' })
    await append(scene, 'some', { eventsMax: 1 })
    assert.deepEqual(await reasons(scene, 'some'), {
      phone: 'mailbox_full',
      tab: 'mailbox_full',
      tv: 'queued',
    })
  },

  'another endpoint that acknowledged first': async (scene) => {
    const phone = await scene.register()
    await scene.register({ userEndpointId: 'tab' })
    const { accepted } = await append(scene, 'e', { cancelOthers: cancel })
    await scene.acknowledge(phone, accepted[0]?.sequence ?? 0)
    assert.deepEqual(await reasons(scene, 'e'), { phone: 'acknowledged', tab: 'acknowledged_elsewhere' })
  },

  'another endpoint that answered first': async (scene) => {
    await scene.register()
    await scene.register({ userEndpointId: 'tab' })
    const endsAtWallMs = scene.under.wallMs() + 60_000
    const call = { senderId: 'backend', endsAtWallMs, masks: [], cancelOthers: cancel }
    await append(scene, 'e', { call })
    const begun = await scene.store.calls.find({ organizationId, userId }, 'e')
    assert(begun !== undefined)
    const outcome = await scene.store.calls.answer({ ...ENDPOINT, call: begun }, BOUNDS)
    assert.equal(outcome.kind, 'answered')
    assert.deepEqual(await reasons(scene, 'e'), { phone: 'acknowledged', tab: 'answered_elsewhere' })
  },

  'who ends an entry says why, and so does who adds what no link took': async (scene) => {
    const phone = await scene.register()
    const { accepted } = await send(scene, 'e')
    const held = { registration: phone, sequence: accepted[0]?.sequence ?? 0, eventId: 'e' }
    await scene.store.mailboxes.end([held], 'discarded', BOUNDS, 'too_large')
    const lost = { userEndpointId: 'phone', outcome: 'discarded', reason: 'congested' } as const
    scene.store.history.add(draft(scene, 'lost'), [lost])
    assert.deepEqual(await reasons(scene, 'e'), { phone: 'too_large' })
    assert.deepEqual(await reasons(scene, 'lost'), { phone: 'congested' })
  },

  'the first reason stays': async (scene) => {
    const phone = await scene.register()
    const { accepted } = await send(scene, 'e')
    const entry = { registration: phone, sequence: accepted[0]?.sequence ?? 0 }
    scene.store.history.note(entry, 'discarded', 'unreadable')
    scene.store.history.note(entry, 'discarded', 'too_large')
    await scene.unregister()
    assert.deepEqual(await reasons(scene, 'e'), { phone: 'unreadable' })
  },
}

export const discardReasonRestartCases: Cases = {
  'reasons are remembered, of records and of what became of them later': async (scene) => {
    await scene.register()
    await send(scene, 'e')
    const full = { userEndpointId: 'tab', outcome: 'discarded', reason: 'congested' } as const
    scene.store.history.add(draft(scene, 'lost'), [full])
    await scene.store.registrations.unregister(ENDPOINT, 'kicked')
    await scene.under.reopen(0)
    assert.deepEqual(await reasons(scene, 'e'), { phone: 'kicked' })
    assert.deepEqual(await reasons(scene, 'lost'), { tab: 'congested' })
  },
}
