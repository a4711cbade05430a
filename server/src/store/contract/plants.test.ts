import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { CONTRACT_BOUNDS } from '../contract.ts'
import { createMemoryStore } from '../memory/memory.ts'
import type {
  LinkHandle,
  LinkStore,
  MailboxStore,
  RegistrationKey,
  RegistrationStore,
  Store,
} from '../store.ts'
import { dueCases } from './due.ts'
import { linkCases } from './links.ts'
import { replyCases } from './replies.ts'
import { type Cases, Scene } from './scene.ts'
import { termCases } from './terms.ts'

/** A store that breaks one rule of links, claims, ends or time. */
type Plant = (store: Store) => Store

const withLinks = (store: Store, change: Partial<LinkStore>): Store => ({
  ...store,
  links: { ...store.links, ...change },
})
const withMailboxes = (store: Store, change: Partial<MailboxStore>): Store => ({
  ...store,
  mailboxes: { ...store.mailboxes, ...change },
})
const withRegistrations = (store: Store, change: Partial<RegistrationStore>): Store => ({
  ...store,
  registrations: { ...store.registrations, ...change },
})

/** Which link was attached last to each registration. */
function watchHolders(store: Store) {
  const holders = new Map<number, LinkHandle>()
  const attach: LinkStore['attach'] = (registration, link) => {
    holders.set(registration.registrationId, link)
    return store.links.attach(registration, link)
  }
  return { attach, holderOf: ({ registrationId }: RegistrationKey) => holders.get(registrationId) }
}

/** What the link has in flight is not any more. */
async function release({ links }: Store, registration: RegistrationKey, link: LinkHandle): Promise<void> {
  await links.detach(registration, link, 'unsubscribed')
  await links.attach(registration, link)
}

const lateDetachWins: Plant = (store) => {
  const { attach, holderOf } = watchHolders(store)
  return withLinks(store, {
    attach,
    detach: (registration, link, reason) =>
      store.links.detach(registration, holderOf(registration) ?? link, reason),
  })
}

const formerKeepsItsEntries: Plant = (store) => {
  const { attach, holderOf } = watchHolders(store)
  return {
    ...withMailboxes(store, {
      take: (registration, link, ...rest) =>
        store.mailboxes.take(registration, holderOf(registration) ?? link, ...rest),
    }),
    links: { ...store.links, attach },
  }
}

const takeReleases: Plant = (store) =>
  withMailboxes(store, {
    async take(registration, link, ...rest) {
      const page = await store.mailboxes.take(registration, link, ...rest)
      if (page.length > 0) await release(store, registration, link)
      return page
    },
  })

const claimDoesNotMark: Plant = (store) =>
  withMailboxes(store, {
    async claim(entry, link) {
      const claimed = await store.mailboxes.claim(entry, link)
      if (claimed === 'in_flight') await release(store, entry.registration, link)
      return claimed
    },
  })

const claimAdmitsTheEnded: Plant = (store) =>
  withMailboxes(store, {
    async claim(entry, link) {
      const claimed = await store.mailboxes.claim(entry, link)
      return claimed === 'gone' ? 'in_flight' : claimed
    },
  })

/** As after a failover: the place counts, and not the event. */
const endsWhateverHasThePlace: Plant = (store) => {
  const events = new Map<number, string>()
  return withMailboxes(store, {
    async append(request) {
      const outcome = await store.mailboxes.append(request)
      for (const { sequence } of outcome.accepted) events.set(sequence, request.event.eventId)
      return outcome
    },
    end: (entries, how, bounds) =>
      store.mailboxes.end(
        entries.map((entry) => ({ ...entry, eventId: events.get(entry.sequence) ?? entry.eventId })),
        how,
        bounds,
      ),
  })
}

const endTellsNobody: Plant = (store) =>
  withMailboxes(store, {
    async end(entries, how, bounds) {
      await store.mailboxes.end(entries, how, bounds)
      return { ended: [], cancellations: [], refused: [] }
    },
  })

const expiresEarly: Plant = (store) =>
  withRegistrations(store, {
    register: ({ keepAliveSeconds, ...request }, max) =>
      store.registrations.register({ ...request, keepAliveSeconds: keepAliveSeconds - 0.001 }, max),
  })

const claimNamesNoRecipient: Plant = (store) => ({
  ...store,
  replies: {
    ...store.replies,
    claim: (claim) => store.replies.claim(claim, { organizationId: '', userId: '' }),
  },
})

/** Each with the guarantee that it breaks. */
const PLANTS: readonly (readonly [what: string, plant: Plant, cases: Cases, guarantee: string])[] = [
  ['a late detach that wins', lateDetachWins, linkCases, 'a late detach of a former link changes nothing'],
  [
    'an attach that leaves the former its entries',
    formerKeepsItsEntries,
    linkCases,
    'a mailbox is handed to the link that holds it, and to no other',
  ],
  [
    'a take after which nothing is in flight',
    takeReleases,
    linkCases,
    'a late detach of a former link changes nothing',
  ],
  [
    'a claim that does not mark',
    claimDoesNotMark,
    termCases,
    'what is in flight is spared, and looked at again when it may no longer be',
  ],
  [
    'a claim that admits what has ended',
    claimAdmitsTheEnded,
    linkCases,
    'what is claimed is in flight as long as its link holds, and only then',
  ],
  [
    'an acknowledgement of another event in the same place',
    endsWhateverHasThePlace,
    linkCases,
    'an entry ends by its own event only, whatever its place',
  ],
  [
    'an end that tells nobody',
    endTellsNobody,
    termCases,
    'the first acknowledgement cancels the others, once',
  ],
  [
    'a registration that expires early',
    expiresEarly,
    dueCases,
    'a registration expires at its deadline, not before, and once',
  ],
  [
    'an idempotency claim that names no recipient',
    claimNamesNoRecipient,
    replyCases,
    'whoever dies after the append leaves a key that gives its outcome',
  ],
]

async function tryOn(plant: Plant, cases: Cases, guarantee: string): Promise<void> {
  const clock = createFakeClock()
  const store = createMemoryStore({ ...CONTRACT_BOUNDS, clock })
  const { wallMs, advance, jumpWall, stall } = clock
  const refuse = () => Promise.reject(new Error('it forgets everything with the process'))
  const rest = { reopen: refuse, crash: refuse, close: () => store.close() }
  const times = { wallMs, advance, jumpWall, stall: (ms: number) => stall.call(clock, ms) }
  const tryIt = cases[guarantee]
  assert(tryIt !== undefined, `there is no guarantee: ${guarantee}`)
  await tryIt(new Scene({ store: plant(store), ended: [], ...times, ...rest }))
}

describe('the store’s contract finds', () => {
  for (const [what, plant, cases, guarantee] of PLANTS)
    it(what, async () => {
      await tryOn((store) => store, cases, guarantee)
      await assert.rejects(tryOn(plant, cases, guarantee), assert.AssertionError)
    })
})
