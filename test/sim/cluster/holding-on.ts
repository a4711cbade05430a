import { type HeldLink, type Store, toKey } from '../../../server/src/store/store.ts'
import type { Plant } from './process.ts'

const ENDS_AFTER_MS = 900

/**
 * A store that does not let go of a former link: it says that the link still holds its endpoint, and hands it what is the
 * newer one's.
 */
export function holdingOn(): Plant {
  const stores: Store[] = []
  return (store, clock) => {
    const { neighbours, links, mailboxes } = store
    if (neighbours === undefined) return store
    stores.push(store)
    const attached = new Map<number, HeldLink>()
    let looks = 0
    return {
      ...store,
      links: {
        ...links,
        attach(registration, link) {
          const newestSequence = Number.MAX_SAFE_INTEGER
          attached.set(link.linkId, {
            registration: toKey(registration),
            linkId: link.linkId,
            newestSequence,
          })
          return links.attach(registration, link)
        },
        detach(registration, link, reason) {
          attached.delete(link.linkId)
          return links.detach(registration, link, reason)
        },
      },
      mailboxes: {
        ...mailboxes,
        async take(registration, link, ...rest) {
          const own = await mailboxes.take(registration, link, ...rest)
          if (own.length > 0) return own
          const [sighting] = await store.registrations.look([registration], { link: true })
          const linkId = sighting?.link?.linkId ?? link.linkId
          for (const one of stores) {
            const page = await one.mailboxes.take(registration, { linkId, peer: link.peer }, ...rest)
            if (page.length > 0) return page
          }
          return own
        },
        // Late, as it may be: what the newer link has acknowledged is still there when the former looks.
        async end(...what) {
          await clock.sleep(ENDS_AFTER_MS)
          return mailboxes.end(...what)
        },
      },
      neighbours: {
        ...neighbours,
        // There is always something to look for.
        told: async () => new Map([[0, ++looks * 1_000_000]]),
        held: async () => [...attached.values()],
      },
    }
  }
}
