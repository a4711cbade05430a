import assert from 'node:assert/strict'
import type { HistoryQuery, Sender } from '../store.ts'
import { ACME, add, DAY_MS, draft, names, paged, plain } from './history-scene.ts'
import type { Cases } from './scene.ts'

const EVERYTHING: HistoryQuery = {}

export const historyCases: Cases = {
  'a listing is narrowed by what became of it, and by a part of the event': async (scene) => {
    const said = (eventId: string, text: string) => ({
      event: Buffer.from(JSON.stringify({ eventId, text })),
    })
    scene.store.history.add(draft(scene, 'a', said('a', 'Größe ROT')), [
      { userEndpointId: 'phone', outcome: 'sent' },
      { userEndpointId: 'tab', outcome: 'not_connected' },
    ])
    scene.store.history.add(draft(scene, 'b', said('b', 'rotten')), [
      { userEndpointId: 'phone', outcome: 'sent' },
    ])
    add(scene, 'c', said('c', 'grün'))
    assert.equal(await names(scene, { ...ACME, outcome: 'sent' }), 'b a')
    assert.equal(await names(scene, { ...ACME, outcome: 'not_connected' }), 'a')
    assert.equal(await names(scene, { ...ACME, outcome: 'queued' }), '')
    assert.equal(await names(scene, { ...ACME, text: 'rot' }), 'b a')
    assert.equal(await names(scene, { ...ACME, text: 'größe' }), 'a')
    assert.equal(await names(scene, { ...ACME, text: 'rot', outcome: 'not_connected' }), 'a')
    assert.equal(await names(scene, { organizationId: 'globex', text: 'rot' }), '')
    const ids = (await paged(scene, { ...ACME, text: 'rot' }, 1)).map(({ eventId }) => eventId)
    assert.deepEqual(ids, ['b', 'a'])
  },

  'a record is found at once, as it was added, ids of any script included': async (scene) => {
    const atWallMs = scene.under.wallMs()
    const wanted = draft(scene, '漢字 "😀"', { userId: '__proto__', senderId: 'ö', type: 'ABCEvent' })
    scene.store.history.add(wanted, [
      { userEndpointId: 'phone', outcome: 'sent' },
      { userEndpointId: 'é', outcome: 'not_connected' },
    ])
    const found = plain(await scene.store.history.find(wanted.eventId, ACME))
    assert.deepEqual(found, {
      ...wanted,
      event: Buffer.from(wanted.event).toString(),
      endpoints: [
        { userEndpointId: 'phone', outcome: 'sent', at: [{ outcome: 'sent', atWallMs }] },
        { userEndpointId: 'é', outcome: 'not_connected', at: [{ outcome: 'not_connected', atWallMs }] },
      ],
    })
    assert.ok((await scene.store.history.bytes()) > wanted.event.byteLength)
    assert.equal(await scene.store.history.find('other', ACME), undefined)
    assert.equal(await scene.store.history.find(wanted.eventId, { organizationId: 'globex' }), undefined)
  },

  'a listing is newest first, and every member of a query counts': async (scene) => {
    const begun = scene.under.wallMs()
    add(scene, 'a')
    add(scene, 'b', { userId: 'bob', senderId: 'alice' })
    await scene.under.advance(10)
    add(scene, 'c', { organizationId: 'globex' })
    scene.store.history.add(draft(scene, 'd', { type: 'CallEndedEvent' }), [
      { userEndpointId: 'phone', outcome: 'sent' },
    ])
    await scene.under.advance(10)
    add(scene, 'e', { userId: 'carol' })
    assert.equal(await names(scene, EVERYTHING), 'e d c b a')
    assert.equal(await names(scene, ACME), 'e d b a')
    assert.equal(await names(scene, { organizationId: 'initech' }), '')
    assert.equal(await names(scene, { userId: 'alice' }), 'd c a')
    assert.equal(await names(scene, { ...ACME, userId: 'alice' }), 'd a')
    assert.equal(await names(scene, { ...ACME, involvedUserId: 'alice' }), 'd b a')
    assert.equal(await names(scene, { ...ACME, involvedUserId: 'alice', userId: 'bob' }), 'b')
    assert.equal(await names(scene, { ...ACME, involvedUserId: 'dave' }), '')
    assert.equal(await names(scene, { ...ACME, userEndpointId: 'phone' }), 'd')
    assert.equal(await names(scene, { ...ACME, type: 'CallEndedEvent' }), 'd')
    assert.equal(await names(scene, { ...ACME, type: 'CallOfferedEvent', userId: 'alice' }), 'a')
    assert.equal(await names(scene, { fromWallMs: begun + 10 }), 'e d c', 'from the instant on')
    assert.equal(await names(scene, { toWallMs: begun + 10 }), 'b a', 'before the instant')
    assert.equal(await names(scene, { fromWallMs: begun + 10, toWallMs: begun + 20 }), 'd c')
    assert.equal(await names(scene, { fromWallMs: begun + 20, toWallMs: begun }), '')
  },

  'a repeated event id: the newest that matches is found, and each is kept': async (scene) => {
    add(scene, 'e', { senderId: 'first' })
    add(scene, 'e', { senderId: 'second' })
    add(scene, 'e', { senderId: 'third', organizationId: 'globex' })
    const found = async (query: HistoryQuery) => (await scene.store.history.find('e', query))?.senderId
    assert.equal(await found(ACME), 'second')
    assert.equal(await found({ ...ACME, involvedUserId: 'first' }), 'first')
    assert.equal(await found({ ...ACME, involvedUserId: 'third' }), undefined)
    assert.equal(await found(EVERYTHING), 'third')
    assert.equal(await names(scene, ACME), 'e e')
  },

  'who sent a record is kept, and never mistaken for another of that name': async (scene) => {
    const sentBy = (kind: Sender['kind'], id: string) => ({
      sentBy: { kind, id },
      senderId: kind === 'service' ? '' : id,
    })
    add(scene, 'e', { ...sentBy('client', 'smith'), type: 'ByClientEvent' })
    add(scene, 'e', { ...sentBy('service', 'smith'), type: 'ByServiceEvent' })
    add(scene, 'e', { ...sentBy('user', 'smith'), type: 'ByUserEvent' })
    add(scene, 'e', { senderId: 'smith', type: 'ByNobodyKnowsEvent' })
    add(scene, 'e', { senderId: '', type: 'ByOldServiceEvent' })
    const { records } = await scene.store.history.list(ACME, undefined, 10)
    assert.deepEqual(
      records.map((record) => record.sentBy?.kind),
      [undefined, undefined, 'user', 'service', 'client'],
    )
    const types = async (query: HistoryQuery) =>
      (await scene.store.history.list({ ...ACME, ...query }, undefined, 10)).records.map(({ type }) => type)
    const by = (kind: Sender['kind'], id = 'smith') => types({ sentBy: { kind, id } })
    assert.deepEqual(await by('client'), ['ByNobodyKnowsEvent', 'ByClientEvent'])
    assert.deepEqual(await by('user'), ['ByNobodyKnowsEvent', 'ByUserEvent'])
    assert.deepEqual(await by('service'), ['ByOldServiceEvent', 'ByServiceEvent'])
    assert.deepEqual(await by('user', 'jones'), [])
    assert.deepEqual(await types({ isFromBackend: true }), [
      'ByOldServiceEvent',
      'ByServiceEvent',
      'ByClientEvent',
    ])
    assert.deepEqual(await types({ involvedUserId: 'smith' }), ['ByNobodyKnowsEvent', 'ByUserEvent'])
    const found = async (query: HistoryQuery) =>
      (await scene.store.history.find('e', { ...ACME, ...query }))?.type
    assert.equal(await found({ isFromBackend: true }), 'ByOldServiceEvent')
    assert.equal(await found({ sentBy: { kind: 'client', id: 'smith' } }), 'ByNobodyKnowsEvent')
  },

  'pages of any size show each matching record once, in order, while more arrive': async (scene) => {
    for (let index = 0; index < 3000; index++)
      add(scene, `e${index}`, { userId: index % 3 === 0 ? 'alice' : 'bob' })
    for (const [query, count] of [
      [ACME, 3000],
      [{ ...ACME, userId: 'alice' }, 1000],
      [{ ...ACME, userId: 'alice', type: 'OtherThingEvent' }, 0],
    ] as const) {
      for (const max of [7, 200]) {
        const ids = (await paged(scene, query, max)).map((record) => record.recordId)
        assert.equal(ids.length, count)
        assert.equal(new Set(ids).size, count)
        assert.deepEqual(
          ids,
          [...ids].sort((a, b) => b - a),
        )
      }
    }
    const first = await scene.store.history.list(ACME, undefined, 2)
    add(scene, 'later')
    const second = await scene.store.history.list(ACME, first.next, 2)
    assert.deepEqual(
      [...first.records, ...second.records].map((record) => record.eventId),
      ['e2999', 'e2998', 'e2997', 'e2996'],
    )
    assert.equal((await scene.store.history.find('e0', ACME))?.eventId, 'e0')
    assert.equal(await scene.store.history.find('e3000', ACME), undefined)
  },

  'a position that was made up shows nothing, and nothing that does not match': async (scene) => {
    add(scene, 'a')
    add(scene, 'b', { organizationId: 'globex' })
    for (const before of [-1, 0, 0.5, 1, Number.MIN_SAFE_INTEGER])
      assert.deepEqual(await scene.store.history.list(ACME, before, 10), { records: [], next: undefined })
    const [newest] = (await scene.store.history.list({}, undefined, 1)).records
    for (const before of [(newest?.recordId ?? 0) + 10, 1e300]) {
      const { records, next } = await scene.store.history.list(ACME, before, 10)
      assert.deepEqual([records.map((record) => record.eventId), next], [['a'], undefined])
    }
  },

  'records are gone after 7 days by the wall clock, younger ones are not': async (scene) => {
    add(scene, 'old')
    await scene.under.advance(1000)
    add(scene, 'young')
    await scene.under.stall(7 * DAY_MS - 1001)
    assert.equal(await names(scene, ACME), 'young old')
    await scene.under.advance(1)
    assert.equal(await names(scene, ACME), 'young')
    assert.equal(await scene.store.history.find('old', ACME), undefined)
    await scene.under.advance(500)
    assert.equal(await names(scene, ACME), 'young')
    await scene.under.advance(500)
    assert.equal(await names(scene, ACME), '')
    add(scene, 'next')
    assert.equal(await names(scene, ACME), 'next')
  },
}
