import type {
  Addressee,
  Cancellation,
  Ending,
  EndOutcome,
  HeldEntry,
  LinkHandle,
  MailboxBounds,
  MailboxEntry,
  Registration,
  RegistrationKey,
  Store,
} from '../store.ts'

const PEER = {
  clientId: 'looker',
  protocol: 'MQTT 5.0',
  transport: 'tcp',
  userAgent: undefined,
  connectedAtWallMs: 0,
} as const
/** Whoever looks into mailboxes: no other link has its number. */
const LOOKER: LinkHandle = { linkId: 0, peer: PEER }
const WIDE: MailboxBounds = { eventsMax: 1000, bytesMax: 1_000_000 }

/** A link of a device. */
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

/** How many entries wait in the mailbox of a live registration. */
export async function depthOf(
  { registrations }: Pick<Store, 'registrations'>,
  { registrationId, ...endpoint }: RegistrationKey,
): Promise<number> {
  const [sighting] = await registrations.look([endpoint], { depth: true })
  return sighting?.registration.registrationId === registrationId ? sighting.depth : 0
}

/** What waits in a mailbox, as a link would be handed it that lets go at once. In flight is nothing afterwards. */
export async function entriesOf(
  { links, mailboxes }: Pick<Store, 'links' | 'mailboxes'>,
  registration: RegistrationKey,
  afterSequence = 0,
  entriesMax = 1000,
  bytesMax = 1e9,
): Promise<readonly MailboxEntry[]> {
  if (!(await links.attach(registration, LOOKER))) return []
  try {
    const entries = await mailboxes.take(registration, LOOKER, afterSequence, entriesMax, bytesMax)
    return entries.map(({ mustBeClaimed: _, ...entry }) => entry)
  } finally {
    await links.detach(registration, LOOKER, 'unsubscribed')
  }
}

/** The entry as whoever was handed it knows it; of one that is not there the event is nobody's. */
export async function heldEntry(
  store: Pick<Store, 'links' | 'mailboxes'>,
  registration: RegistrationKey,
  sequence: number,
): Promise<HeldEntry> {
  const [entry] = await entriesOf(store, registration, sequence - 1, 1)
  return { registration, sequence, eventId: entry?.sequence === sequence ? entry.eventId : '' }
}

/** Ends an entry whose event is not known. */
export async function endEntry(
  store: Pick<Store, 'links' | 'mailboxes'>,
  registration: RegistrationKey,
  sequence: number,
  how: Ending,
  bounds = WIDE,
): Promise<EndOutcome<HeldEntry>> {
  const entry = await heldEntry(store, registration, sequence)
  return store.mailboxes.end([entry], how, bounds)
}

/** Acknowledges an entry. Returns what that set off. */
export async function acknowledgeEntry(
  store: Pick<Store, 'links' | 'mailboxes'>,
  registration: RegistrationKey,
  sequence: number,
  bounds = WIDE,
): Promise<Cancellation | undefined> {
  return (await endEntry(store, registration, sequence, 'acknowledged', bounds)).cancellations[0]
}

/** Puts in flight what waits up to an entry, over a link of its own. */
export async function sendThrough(
  store: Pick<Store, 'links' | 'mailboxes'>,
  registration: RegistrationKey,
  sequence: number,
): Promise<void> {
  const entry = await heldEntry(store, registration, sequence)
  const link = linkOf(registration.registrationId)
  await store.links.attach(registration, link)
  await store.mailboxes.claim(entry, link)
}
