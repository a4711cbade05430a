import assert from 'node:assert/strict'
import { CALLS_PER_USER_MAX } from '../bounds.ts'
import type {
  AnswerOutcome,
  AppendRequest,
  Call,
  CallDraft,
  CancelDraft,
  Registration,
  RegistrationKey,
} from '../store.ts'
import { ACME, draft, fate } from './history-scene.ts'
import { type Cases, ENDPOINT, keyOf, type Scene } from './scene.ts'

const { organizationId, userId } = ENDPOINT
const USER = { organizationId, userId }
const BOUNDS = { eventsMax: 10, bytesMax: 1000 }
const LIFETIME_MS = 30_000

function cancelDraft(scene: Scene, text = 'cancelled'): CancelDraft {
  return {
    eventId: text,
    payload: Buffer.from(text),
    sealed: false,
    record: draft(scene, text, { qos: 1 }),
  }
}

function callDraft(scene: Scene, wanted: Partial<CallDraft> = {}): CallDraft {
  return {
    senderId: 'acme/backend',
    endsAtWallMs: scene.under.wallMs() + LIFETIME_MS,
    masks: ['$.card'],
    cancelOthers: cancelDraft(scene),
    ...wanted,
  }
}

/** Rings everybody. Gives the sequences in the order of the registrations. */
async function ring(
  scene: Scene,
  eventId = 'ring',
  wanted: Partial<AppendRequest> = {},
): Promise<readonly number[]> {
  const event = {
    eventId,
    payload: Buffer.from(eventId),
    sealed: false,
    acceptedAtWallMs: scene.under.wallMs(),
  }
  const record = draft(scene, eventId, { qos: 1 })
  const request = { ...USER, event, record, call: callDraft(scene), ...BOUNDS, ...wanted }
  const { accepted } = await scene.store.mailboxes.append(request)
  return accepted.map(({ sequence }) => sequence)
}

async function found(scene: Scene, eventId = 'ring'): Promise<Call> {
  const call = await scene.store.calls.find(USER, eventId)
  assert(call !== undefined)
  return call
}

/** Answers, and waits until that is durable. */
async function answer(
  scene: Scene,
  userEndpointId: string,
  { eventId = 'ring', said = '' } = {},
): Promise<AnswerOutcome> {
  const call = await scene.store.calls.find(USER, eventId)
  if (call === undefined) return { kind: 'unknown' }
  const more = said === '' ? {} : { answer: Buffer.from(said) }
  const request = { ...USER, userEndpointId, call, ...more }
  const outcome = await scene.store.calls.answer(request, BOUNDS)
  if (outcome.kind !== 'unknown') await outcome.durable
  return outcome
}

async function kinds(scene: Scene, ...userEndpointIds: readonly string[]): Promise<readonly string[]> {
  const all: string[] = []
  for (const id of userEndpointIds) {
    const outcome = await answer(scene, id)
    all.push(outcome.kind === 'elsewhere' ? `elsewhere: ${outcome.userEndpointId}` : outcome.kind)
  }
  return all
}

async function threeEndpoints(scene: Scene): Promise<readonly [Registration, Registration, Registration]> {
  const keepAliveSeconds = 60
  return [
    await scene.register({ keepAliveSeconds }),
    await scene.register({ userEndpointId: 'tab', keepAliveSeconds }),
    await scene.register({ userEndpointId: 'tv', keepAliveSeconds }),
  ]
}

const winning: Cases = {
  'the first endpoint wins, may say so again, and every other is told who it was': async (scene) => {
    await threeEndpoints(scene)
    await ring(scene)
    assert.deepEqual(await kinds(scene, 'tab', 'phone', 'tab', 'tv'), [
      'answered',
      'elsewhere: tab',
      'repeated',
      'elsewhere: tab',
    ])
  },

  'a call is found with what is needed to answer it, by its user only': async (scene) => {
    await threeEndpoints(scene)
    await ring(scene)
    const { recordId, ...call } = await found(scene)
    assert.deepEqual(call, {
      eventId: 'ring',
      senderId: 'acme/backend',
      qos: 1,
      endsAtWallMs: scene.under.wallMs() + LIFETIME_MS,
      masks: ['$.card'],
      userEndpointIds: ['phone', 'tab', 'tv'],
      answeredBy: undefined,
    })
    await answer(scene, 'tab')
    assert.equal((await found(scene)).answeredBy, 'tab')
    assert.equal((await scene.store.history.find('ring', ACME))?.recordId, recordId)
    for (const other of [
      { organizationId, userId: 'bob' },
      { organizationId: 'globex', userId },
    ])
      assert.equal(await scene.store.calls.find(other, 'ring'), undefined)
    assert.equal(await scene.store.calls.find(USER, 'other'), undefined)
  },

  'whoever was not sent the event cannot answer it': async (scene) => {
    await scene.register({ keepAliveSeconds: 60 })
    await ring(scene)
    await scene.register({ userEndpointId: 'late', keepAliveSeconds: 60 })
    assert.deepEqual(await kinds(scene, 'late', 'nobody', 'phone', 'late'), [
      'unknown',
      'unknown',
      'answered',
      'unknown',
    ])
  },

  'neither is one whose mailbox was full': async (scene) => {
    const [phone] = await threeEndpoints(scene)
    for (let filled = 0; filled < BOUNDS.eventsMax; filled++)
      await scene.append('x', { userEndpointId: phone.userEndpointId })
    await ring(scene)
    assert.deepEqual(await kinds(scene, 'phone', 'tab'), ['unknown', 'answered'])
  },

  'only while the lifetime lasts, the winner included': async (scene) => {
    await threeEndpoints(scene)
    await ring(scene)
    await ring(scene, 'other')
    await scene.under.advance(LIFETIME_MS - 1)
    assert.equal((await answer(scene, 'tab')).kind, 'answered')
    const call = await found(scene, 'other')
    await scene.under.advance(1)
    assert.deepEqual(await kinds(scene, 'tab', 'phone'), ['unknown', 'unknown'])
    const request = { ...ENDPOINT, call }
    assert.equal((await scene.store.calls.answer(request, BOUNDS)).kind, 'unknown')
  },

  'also after the devices have acknowledged it, and when their registrations have ended': async (scene) => {
    const [phone, tab] = await threeEndpoints(scene)
    const [first = 0, second = 0] = await ring(scene)
    await scene.acknowledge(phone, first)
    await scene.acknowledge(tab, second)
    await scene.unregister(tab)
    assert.deepEqual(await kinds(scene, 'tab', 'phone', 'tab'), ['answered', 'elsewhere: tab', 'repeated'])
  },

  'a winner that unregisters stays the winner': async (scene) => {
    const [phone] = await threeEndpoints(scene)
    await ring(scene)
    await answer(scene, 'phone')
    await scene.unregister(phone)
    assert.deepEqual(await kinds(scene, 'tab', 'phone'), ['elsewhere: phone', 'repeated'])
  },

  'an event that the history alone knows becomes a call by its answer': async (scene) => {
    await threeEndpoints(scene)
    const event = {
      eventId: 'plain',
      payload: Buffer.from('plain'),
      sealed: false,
      acceptedAtWallMs: scene.under.wallMs(),
    }
    await scene.append('', { event, record: draft(scene, 'plain', { qos: 1 }) })
    assert.equal(await scene.store.calls.find(USER, 'plain'), undefined)
    const record = await scene.store.history.find('plain', ACME)
    const call: Call = {
      eventId: 'plain',
      senderId: 'acme/backend',
      qos: 0,
      recordId: record?.recordId ?? 0,
      endsAtWallMs: scene.under.wallMs() + LIFETIME_MS,
      masks: undefined,
      userEndpointIds: ['phone', 'tab'],
      answeredBy: undefined,
    }
    const tell = async (userEndpointId: string) =>
      (await scene.store.calls.answer({ ...USER, userEndpointId, call }, BOUNDS)).kind
    assert.equal(await tell('tv'), 'unknown')
    assert.deepEqual(
      [await tell('phone'), await tell('phone'), await tell('tab')],
      ['answered', 'repeated', 'elsewhere'],
    )
    const { qos, masks, userEndpointIds } = await found(scene, 'plain')
    assert.deepEqual(
      { qos, masks, userEndpointIds },
      { qos: 0, masks: undefined, userEndpointIds: ['phone', 'tab'] },
    )
  },

  'what was sent endpoint by endpoint under one id is one call, until it is answered': async (scene) => {
    const [phone, tab] = await threeEndpoints(scene)
    await ring(scene, 'ring', { userEndpointId: 'phone' })
    await ring(scene, 'ring', { userEndpointId: 'tab' })
    assert.deepEqual((await found(scene)).userEndpointIds, ['phone', 'tab'])
    await scene.sendAll(phone, tab)
    await answer(scene, 'phone')
    assert.deepEqual(await scene.payloads(tab), ['ring', 'cancelled'])
    assert.deepEqual(await scene.payloads(phone), [])
    await ring(scene, 'ring', { userEndpointId: 'tv' })
    assert.deepEqual(await kinds(scene, 'phone', 'tv'), ['unknown', 'answered'])
  },

  'nobody takes the place of a call with an id that it learned': async (scene) => {
    await threeEndpoints(scene)
    await ring(scene)
    const call = callDraft(scene, { senderId: 'acme/mallory', cancelOthers: cancelDraft(scene, 'mallory') })
    await ring(scene, 'ring', { call, userEndpointId: 'phone' })
    const outcome = await answer(scene, 'tab')
    assert.equal(outcome.kind, 'answered')
    assert.equal(await scene.store.history.find('mallory', ACME), undefined)
  },

  'of too many of one user the oldest cannot be answered any more': async (scene) => {
    await scene.register({ keepAliveSeconds: 60 })
    const call = callDraft(scene)
    for (let index = 0; index <= CALLS_PER_USER_MAX; index++)
      await ring(scene, `e${index}`, { call, eventsMax: 2000, bytesMax: 1e6 })
    const find = (eventId: string) => scene.store.calls.find(USER, eventId)
    assert.equal(await find('e0'), undefined)
    assert.notEqual(await find('e1'), undefined)
  },
}

const cancelling: Cases = {
  'an endpoint that acknowledged and did not answer hears that another did: it still rings': async (
    scene,
  ) => {
    const [phone, tab, tv] = await threeEndpoints(scene)
    const [first = 0, second = 0] = await ring(scene)
    await scene.acknowledge(phone, first)
    await scene.acknowledge(tab, second)
    assert.deepEqual(await scene.payloads(phone), [], 'an acknowledgement is no answer')
    const outcome = await answer(scene, 'phone')
    assert(outcome.kind === 'answered')
    const names = (registrations: readonly RegistrationKey[] = []) =>
      registrations.map(({ userEndpointId }) => userEndpointId)
    assert.deepEqual(names(outcome.cancellation?.accepted), ['tab', 'tv'])
    assert.equal(outcome.taken, undefined)
    assert.deepEqual(await scene.payloads(phone), [])
    assert.deepEqual(await scene.payloads(tab), ['cancelled'])
    assert.deepEqual(await scene.payloads(tv), ['cancelled'])
    const record = await scene.store.history.find('cancelled', ACME)
    assert.deepEqual(names(record?.endpoints as unknown as RegistrationKey[]), ['tab', 'tv'])
  },

  'unsent copies go, what is in flight stays, and the winner has its own': async (scene) => {
    const [phone, tab, tv] = await threeEndpoints(scene)
    const [first = 0, second = 0] = await ring(scene)
    await scene.sendAll(phone, tab)
    const outcome = await answer(scene, 'phone')
    assert(outcome.kind === 'answered')
    assert.deepEqual(outcome.taken, { registration: keyOf(phone), sequence: first })
    assert.equal(outcome.cancellation?.discarded.length, 1)
    assert.deepEqual(await scene.payloads(phone), [])
    assert.deepEqual(await scene.payloads(tab), ['ring', 'cancelled'])
    assert.deepEqual(await scene.payloads(tv), ['cancelled'])
    assert.equal(
      await fate(scene, 'ring'),
      'phone: queued 0, acknowledged 0; tab: queued 0; tv: queued 0, discarded 0',
    )
    assert.equal(await scene.holds(tab, second), true)
  },

  'it happens once': async (scene) => {
    const [, tab] = await threeEndpoints(scene)
    await ring(scene)
    await kinds(scene, 'phone', 'phone', 'tab')
    assert.deepEqual(await scene.payloads(tab), ['cancelled'])
  },

  'an endpoint that was registered anew hears it too, and one that is gone does not': async (scene) => {
    const [, tab, tv] = await threeEndpoints(scene)
    await ring(scene)
    await scene.unregister(tab)
    await scene.unregister(tv)
    const again = await scene.register({ userEndpointId: 'tab', keepAliveSeconds: 60 })
    const outcome = await answer(scene, 'phone')
    assert(outcome.kind === 'answered')
    assert.deepEqual(outcome.cancellation?.accepted, [keyOf(again)])
    assert.deepEqual(await scene.payloads(again), ['cancelled'])
  },

  'one that shows a newer event by now does not, nor may it answer': async (scene) => {
    const [phone, tab] = await threeEndpoints(scene)
    await ring(scene, 'ring', { collapseKey: 'k' })
    const newer = { eventId: 'new', payload: Buffer.from('new'), sealed: false, acceptedAtWallMs: 1 }
    const request = { ...ENDPOINT, userEndpointId: 'tab', event: newer, ...BOUNDS, collapseKey: 'k' }
    await scene.store.mailboxes.append(request)
    assert.deepEqual(await kinds(scene, 'tab', 'phone'), ['unknown', 'answered'])
    assert.deepEqual(await scene.payloads(tab), ['new'])
    assert.deepEqual(await scene.payloads(phone), [])
  },

  'nor one whose device could not take it': async (scene) => {
    const [, tab] = await threeEndpoints(scene)
    const [, second = 0] = await ring(scene)
    await scene.discard(tab, second)
    assert.deepEqual(await kinds(scene, 'tab', 'phone'), ['unknown', 'answered'])
    assert.deepEqual(await scene.payloads(tab), [])
  },

  'it may take a mailbox past its bounds, to twice of them': async (scene) => {
    const [, tab, tv] = await threeEndpoints(scene)
    await ring(scene)
    const fill = (userEndpointId: string, eventsMax: number) =>
      scene.append('x', { userEndpointId, eventsMax })
    for (let filled = 1; filled < BOUNDS.eventsMax; filled++) await fill('tab', 1000)
    for (let filled = 1; filled < 2 * BOUNDS.eventsMax; filled++) await fill('tv', 1000)
    await scene.sendAll(tab, tv)
    const outcome = await answer(scene, 'phone')
    assert(outcome.kind === 'answered')
    assert.deepEqual(outcome.cancellation?.accepted, [keyOf(tab)])
    assert.deepEqual(outcome.cancellation?.full, [keyOf(tv)])
  },

  'a call without a cancelling event has nothing to tell': async (scene) => {
    const [, tab] = await threeEndpoints(scene)
    const { cancelOthers: _, ...call } = callDraft(scene)
    await ring(scene, 'ring', { call })
    const outcome = await answer(scene, 'phone')
    assert(outcome.kind === 'answered')
    assert.equal(outcome.cancellation, undefined)
    assert.deepEqual(await scene.payloads(tab), ['ring'])
  },
}

const telling: Cases = {
  'the history says who answered, when, and what': async (scene) => {
    await threeEndpoints(scene)
    await ring(scene)
    await ring(scene, 'silent')
    assert.equal((await scene.store.history.find('ring', ACME))?.answered, undefined)
    await scene.under.advance(1000)
    const atWallMs = scene.under.wallMs()
    await answer(scene, 'tab', { said: '{"card":"*"}' })
    await answer(scene, 'phone', { eventId: 'silent' })
    await scene.under.advance(1000)
    await answer(scene, 'phone', { said: '{"too":"late"}' })
    const answered = (await scene.store.history.find('ring', ACME))?.answered
    assert.deepEqual(
      { ...answered, answer: Buffer.from(answered?.answer ?? []).toString() },
      { userEndpointId: 'tab', atWallMs, answer: '{"card":"*"}' },
    )
    const { records } = await scene.store.history.list(ACME, undefined, 10)
    assert.deepEqual(
      records.map((record) => [record.eventId, record.answered?.userEndpointId]),
      [
        ['cancelled', undefined],
        ['cancelled', undefined],
        ['silent', 'phone'],
        ['ring', 'tab'],
      ],
    )
  },

  'the feed says it once, also for an endpoint that is not registered any more': async (scene) => {
    const types = new Set(['UserEndpointEventAnsweredEvent'] as const)
    await scene.store.feed.watch([{ organizationId, types, webhookIds: ['w'] }])
    const [phone, tab] = await threeEndpoints(scene)
    await ring(scene)
    await ring(scene, 'other')
    await answer(scene, 'phone', { said: '{"a":1}' })
    await answer(scene, 'tab')
    await scene.unregister(tab)
    await answer(scene, 'tab', { eventId: 'other' })
    const entries = await scene.store.feed.read(organizationId, 0, 10)
    const { registeredAtWallMs, lastKeepAliveAtWallMs, keepAliveSeconds } = phone
    const common = {
      type: 'UserEndpointEventAnsweredEvent',
      reason: 'answered',
      organizationId,
      userId,
      atWallMs: scene.under.wallMs(),
    }
    const times = { registeredAtWallMs, lastKeepAliveAtWallMs, keepAliveSeconds }
    assert.deepEqual(
      entries.map(({ sequence: _, ...entry }) => entry),
      [
        { ...common, userEndpointId: 'phone', ...times, eventId: 'ring', answer: '{"a":1}' },
        { ...common, userEndpointId: 'tab', eventId: 'other' },
      ],
    )
  },
}

export const answerCases: Cases = { ...winning, ...cancelling, ...telling }

export const answerRestartCases: Cases = {
  'a call can be answered after a restart and after a crash, whatever was acknowledged': async (scene) => {
    const [phone, tab] = await threeEndpoints(scene)
    const [first = 0] = await ring(scene)
    await scene.acknowledge(phone, first)
    const before = await found(scene)
    await scene.under.advance(1000)
    await scene.under.crash(100)
    assert.deepEqual(await found(scene), before)
    await scene.under.reopen(100)
    assert.deepEqual(await found(scene), before)
    assert.equal((await answer(scene, 'phone')).kind, 'answered')
    assert.deepEqual(await scene.payloads(tab), ['cancelled'])
  },

  'there is one winner, also over a crash': async (scene) => {
    await threeEndpoints(scene)
    await ring(scene)
    await answer(scene, 'tab', { said: '{"a":1}' })
    await scene.under.crash(0)
    assert.deepEqual(await kinds(scene, 'phone', 'tab'), ['elsewhere: tab', 'repeated'])
    const answered = (await scene.store.history.find('ring', ACME))?.answered
    assert.equal(answered?.userEndpointId, 'tab')
    assert.equal(Buffer.from(answered?.answer ?? []).toString(), '{"a":1}')
  },

  'an answer and what it sets off are lost together or not at all': async (scene) => {
    const [, tab] = await threeEndpoints(scene)
    await ring(scene)
    const request = { ...USER, userEndpointId: 'phone', call: await found(scene) }
    const outcome = await scene.store.calls.answer(request, BOUNDS)
    assert(outcome.kind === 'answered')
    // Nobody waits for it: the process dies first, in most engines.
    outcome.durable.catch(() => undefined)
    await scene.under.crash(0)
    const isDone = (await scene.store.history.find('ring', ACME))?.answered !== undefined
    assert.deepEqual(await scene.payloads(tab), isDone ? ['cancelled'] : ['ring'])
    assert.equal((await answer(scene, 'tab')).kind, isDone ? 'elsewhere' : 'answered')
  },

  'who has no part any more has none after a restart': async (scene) => {
    const [, tab] = await threeEndpoints(scene)
    const [, second = 0] = await ring(scene)
    await scene.discard(tab, second)
    await scene.under.reopen(0)
    assert.deepEqual((await found(scene)).userEndpointIds, ['phone', 'tv'])
  },
}
