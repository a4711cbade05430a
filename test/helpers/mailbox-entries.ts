import type {
  Addressee,
  Ending,
  LinkHandle,
  MailboxEntry,
  Registration,
  RegistrationKey,
  Store,
} from '../../server/src/store/store.ts'
import { PEER } from './link-peer.ts'

/** Whoever looks into mailboxes: no other link has its number. */
const LOOKER = linkOf(0)
const BOUNDS = { eventsMax: 1000, bytesMax: 1_000_000 }

/** A link of a device, as the store knows it. */
export function linkOf(linkId: number): LinkHandle {
  return { linkId, peer: PEER }
}

/** The live registrations of a user, or that of one endpoint, oldest first. */
export async function liveOf(
  { registrations }: Pick<Store, 'registrations'>,
  addressee: Addressee,
): Promise<readonly Registration[]> {
  return (await registrations.look([addressee], {})).map(({ registration }) => registration)
}

/** What waits in a mailbox, as a link would be handed it that lets go at once. In flight is nothing afterwards. */
export async function entriesOf(
  { links, mailboxes }: Pick<Store, 'links' | 'mailboxes'>,
  registration: RegistrationKey,
  afterSequence = 0,
  entriesMax = 1000,
): Promise<readonly MailboxEntry[]> {
  if (!(await links.attach(registration, LOOKER))) return []
  try {
    return await mailboxes.take(registration, LOOKER, afterSequence, entriesMax, 1e9)
  } finally {
    await links.detach(registration, LOOKER, 'unsubscribed')
  }
}

/** Ends the entry at this place, of whatever event it is. */
export async function endEntry(
  store: Pick<Store, 'links' | 'mailboxes'>,
  registration: RegistrationKey,
  sequence: number,
  how: Ending,
): Promise<void> {
  const [entry] = await entriesOf(store, registration, sequence - 1, 1)
  if (entry?.sequence !== sequence) return
  await store.mailboxes.end([{ registration, sequence, eventId: entry.eventId }], how, BOUNDS)
}
