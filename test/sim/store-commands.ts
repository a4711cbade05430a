import fc from 'fast-check'
import type { Ending, EndpointKey, HistoryQuery, Outcome } from '../../server/src/store/store.ts'

/** One thing done to both stores. Names of users, endpoints and families are few, so that they meet. */
export type Command =
  | {
      readonly do: 'register'
      readonly endpoint: EndpointKey
      readonly keepAliveSeconds: number
      readonly reminder: boolean
      readonly authorized: number
      readonly endpointsMax: number
      readonly mayEvict: boolean
    }
  | { readonly do: 'keepalive'; readonly endpoint: EndpointKey; readonly authorized: number | undefined }
  | { readonly do: 'unregister' | 'look' | 'lastSeen'; readonly endpoint: EndpointKey }
  | {
      readonly do: 'append'
      readonly endpoint: EndpointKey
      readonly toAll: boolean
      readonly bytes: number
      readonly key: string | undefined
      readonly ttlMs: number
      readonly lifetimeMs: number | undefined
      readonly collapseKey: string | undefined
      /** What sets the cancelling event off, where there is one. */
      readonly cancels: 'acknowledged' | 'answered' | undefined
      /** Who sends it. */
      readonly isAlices: boolean
    }
  | {
      readonly do: 'read'
      readonly pick: number
      readonly link: number
      readonly after: number
      readonly entriesMax: number
      readonly bytesMax: number
    }
  | { readonly do: 'attach' | 'detach' | 'claim'; readonly pick: number; readonly link: number }
  | {
      readonly do: 'end'
      readonly picks: readonly number[]
      readonly how: Ending
      /** Whether the first is named by an event that is not its own. */
      readonly isAnother: boolean
    }
  | {
      readonly do: 'answerEvent'
      readonly endpoint: EndpointKey
      readonly pick: number
      readonly said: string
    }
  | { readonly do: 'sweep'; readonly max: number }
  | { readonly do: 'answer'; readonly endpoint: EndpointKey; readonly key: string }
  | { readonly do: 'addRecord'; readonly endpoint: EndpointKey }
  | { readonly do: 'note'; readonly pick: number; readonly outcome: Outcome }
  | { readonly do: 'findRecord'; readonly query: HistoryQuery; readonly pick: number }
  | {
      readonly do: 'listRecords'
      readonly query: HistoryQuery
      readonly before: number | undefined
      readonly max: number
    }
  | { readonly do: 'createFamily'; readonly family: string; readonly user: string; readonly ttlMs: number }
  | { readonly do: 'rotate'; readonly family: string; readonly hash: number }
  | { readonly do: 'revokeFamily'; readonly family: string }
  | { readonly do: 'revokeToken'; readonly token: string; readonly ttlMs: number }
  | { readonly do: 'revokeFamilies'; readonly user: string }
  | { readonly do: 'revokeUser'; readonly endpoint: EndpointKey; readonly ttlMs: number }
  | { readonly do: 'advance' | 'stall' | 'restart'; readonly ms: number }

const endpoint = fc.record({
  organizationId: fc.constantFrom('acme', '__proto__'),
  userId: fc.constantFrom('alice', 'constructor'),
  userEndpointId: fc.constantFrom('a', 'b', 'toString'),
})
const family = fc.constantFrom('f', 'g', 'h', '__proto__')
const key = fc.constantFrom('k', 'l')
const outcome = fc.constantFrom('woken', 'sent', 'acknowledged', 'expired', 'discarded')
const query = fc.oneof(
  fc.constant({}),
  fc.constant({ organizationId: 'acme' }),
  fc.constant({ organizationId: '__proto__', involvedUserId: 'alice' }),
  fc.constant({ organizationId: 'acme', userId: 'constructor' }),
  fc.constant({ userId: 'alice', userEndpointId: 'b' }),
)
/** Few, so that one takes the place of another. */
const link = fc.constantFrom(1, 2)
const shortMs = fc.constantFrom(0, 1, 50, 333, 1000, 2500)

/** Any command, the usual ones more often. */
export function commands(): fc.Arbitrary<Command> {
  return fc.oneof(...registrations(), ...mailboxes(), ...history(), ...tokens(), ...time())
}

type Weighted = { readonly weight: number; readonly arbitrary: fc.Arbitrary<Command> }

function often(weight: number, arbitrary: fc.Arbitrary<Command>): Weighted {
  return { weight, arbitrary }
}

function registrations(): Weighted[] {
  const as = <const Name extends string>(name: Name) => fc.constant(name)
  return [
    often(
      8,
      fc.record({
        do: as('register'),
        endpoint,
        keepAliveSeconds: fc.constantFrom(1, 2, 3, 10),
        reminder: fc.boolean(),
        authorized: fc.nat(100),
        endpointsMax: fc.constantFrom(1, 2, 100),
        mayEvict: fc.boolean(),
      }),
    ),
    often(
      4,
      fc.record({ do: as('keepalive'), endpoint, authorized: fc.option(fc.nat(200), { nil: undefined }) }),
    ),
    often(3, fc.record({ do: fc.constantFrom('unregister', 'look', 'look', 'lastSeen'), endpoint })),
    often(6, fc.record({ do: as('sweep'), max: fc.constantFrom(0, 100, 100) })),
  ]
}

function mailboxes(): Weighted[] {
  const as = <const Name extends string>(name: Name) => fc.constant(name)
  const picks = fc.array(fc.nat(12), { minLength: 1, maxLength: 3 })
  const isAnother = fc.constantFrom(true, false, false, false)
  return [
    often(
      8,
      fc.record({
        do: as('append'),
        endpoint,
        toAll: fc.boolean(),
        // Past 4 KiB what goes to two is written once.
        bytes: fc.constantFrom(1, 3, 20, 5000),
        key: fc.option(key, { nil: undefined }),
        ttlMs: shortMs,
        lifetimeMs: fc.option(shortMs, { nil: undefined }),
        collapseKey: fc.option(fc.constantFrom('c', '__proto__'), { nil: undefined }),
        cancels: fc.constantFrom('acknowledged', 'answered', 'answered', undefined),
        isAlices: fc.boolean(),
      }),
    ),
    often(6, fc.record({ do: as('attach'), pick: fc.nat(5), link })),
    often(2, fc.record({ do: as('detach'), pick: fc.nat(5), link })),
    often(6, fc.record({ do: as('claim'), pick: fc.nat(8), link })),
    often(6, fc.record({ do: as('end'), picks, how: fc.constant('acknowledged'), isAnother })),
    often(4, fc.record({ do: as('end'), picks, how: fc.constantFrom('discarded', 'expired'), isAnother })),
    often(
      3,
      fc.record({
        do: as('answerEvent'),
        endpoint,
        pick: fc.nat(3),
        said: fc.constantFrom('', '{"a":1}'),
      }),
    ),
    often(
      4,
      fc.record({
        do: as('read'),
        pick: fc.nat(5),
        link,
        after: fc.nat(6),
        entriesMax: fc.constantFrom(1, 2, 100),
        bytesMax: fc.constantFrom(1, 5, 1000, 6000),
      }),
    ),
    often(2, fc.record({ do: as('answer'), endpoint, key })),
  ]
}

function history(): Weighted[] {
  const as = <const Name extends string>(name: Name) => fc.constant(name)
  const before = fc.option(fc.nat(60), { nil: undefined })
  return [
    often(2, fc.record({ do: as('addRecord'), endpoint })),
    often(5, fc.record({ do: as('note'), pick: fc.nat(50), outcome })),
    often(2, fc.record({ do: as('findRecord'), query, pick: fc.nat(20) })),
    often(3, fc.record({ do: as('listRecords'), query, before, max: fc.constantFrom(1, 3, 200) })),
  ]
}

function tokens(): Weighted[] {
  const as = <const Name extends string>(name: Name) => fc.constant(name)
  return [
    often(2, fc.record({ do: as('createFamily'), family, user: fc.constantFrom('u', 'v'), ttlMs: shortMs })),
    often(2, fc.record({ do: as('rotate'), family, hash: fc.nat(2) })),
    often(1, fc.record({ do: as('revokeFamily'), family })),
    often(1, fc.record({ do: as('revokeFamilies'), user: fc.constantFrom('u', 'v') })),
    often(1, fc.record({ do: as('revokeUser'), endpoint, ttlMs: shortMs })),
    often(1, fc.record({ do: as('revokeToken'), token: fc.constantFrom('t', 's'), ttlMs: shortMs })),
  ]
}

function time(): Weighted[] {
  return [
    often(6, fc.record({ do: fc.constant('advance' as const), ms: shortMs })),
    often(
      1,
      fc.record({ do: fc.constant('stall' as const), ms: fc.constantFrom(150, 700, 990, 1500, 30_000) }),
    ),
    often(1, fc.record({ do: fc.constant('restart' as const), ms: fc.constant(0) })),
  ]
}
