import { type Backend, createBackend, createClient, requestToken } from '@rollcall/client/client'
import { CROWD } from './devices.ts'
import { BACKEND, SECRET } from './directory.ts'

const TICK_MS = 250

export function openBackend(url: string): Backend {
  return createBackend({ url, credentials: { clientId: BACKEND, clientSecret: SECRET } })
}

/** Sends like an everyday hour in fast motion: waves of calls, and many small messages beside. Returns how to stop it. */
export function startTraffic(backend: Backend): () => Promise<void> {
  const underWay = new Set<Promise<unknown>>()
  let tick = 0
  const timer = setInterval(() => {
    tick++
    const wave = 2.4 + 1.1 * Math.sin(tick / 70) + 0.5 * Math.sin(tick / 13)
    for (let n = Math.max(0, Math.round(wave + 1.2 * (Math.random() - 0.5))); n > 0; n--) {
      const sent = backend.send(everyday()).catch(() => undefined)
      underWay.add(sent)
      void sent.finally(() => underWay.delete(sent))
    }
  }, TICK_MS)
  return async () => {
    clearInterval(timer)
    await Promise.all(underWay)
  }
}

/** Seldom somebody with a device that is away. */
function who(): string {
  if (Math.random() < 0.012) return 'grace'
  return CROWD[Math.floor(Math.random() * CROWD.length)] ?? 'alice'
}

function everyday() {
  const userId = who()
  const isCall = Math.random() < 0.4
  return {
    userId,
    qos: isCall ? 1 : 0,
    ...(isCall ? { ttlSeconds: 8 } : {}),
    event: isCall
      ? { type: 'CallOfferedEvent', caller: 'Nora', call: `c-${Math.floor(Math.random() * 1e6)}` }
      : { type: 'TypingStartedEvent', conversation: 'team' },
  }
}

/** What the list of events and the page of one of them show. Resolves with the id of the call that was answered. */
export async function tellStory(backend: Backend, url: string): Promise<string> {
  const event = (type: string, more: object = {}) => ({ type, ...more })
  await backend.send({ userId: 'nora', qos: 1, event: event('CallOfferedEvent', { caller: 'Bob' }) })
  await backend.send({
    userId: 'bob',
    userEndpointId: 'bobs-tablet',
    qos: 1,
    ttlSeconds: 1,
    event: event('VideoOfferedEvent', { caller: 'Nora' }),
  })
  await backend.send({ userId: 'grace', qos: 0, event: event('PresenceChangedEvent', { who: 'bob' }) })
  const card = { holder: 'Nora Lind', number: '4929 1234 5678 9012', expires: '11/28' }
  await backend.send(
    {
      userId: 'grace',
      qos: 1,
      masks: ['$.card[*]'],
      event: event('PaymentRequestedEvent', { amount: 42.5, currency: 'EUR', card }),
    },
    { waitSeconds: 1 },
  )
  const { eventId } = await backend.send(
    {
      userId: 'bob',
      qos: 1,
      ttlSeconds: 600,
      masks: ['$.caller.number', '$.topic'],
      event: event('CallOfferedEvent', {
        call: 'c-20457',
        caller: { name: 'Nora Lind', number: '+46 8 123 456 78' },
        topic: 'Invoice 2219 is overdue',
        video: true,
      }),
      cancelOthers: { event: event('CallCancelledEvent', { call: 'c-20457' }) },
    },
    { waitSeconds: 1 },
  )
  await takeCall(url, eventId)
  return eventId
}

/** Bob's phone answers. */
async function takeCall(url: string, eventId: string): Promise<void> {
  const { accessToken: token } = await requestToken({
    url,
    clientId: 'customer',
    grant: { type: 'password', username: 'bob', password: SECRET },
  })
  const answer = { with: 'video', from: 'the garden' }
  await createClient({ url, token }).answer(eventId, { userEndpointId: 'bobs-phone', answer })
}
