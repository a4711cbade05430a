import type { DisconnectReason } from '@rollcall/protocol/lifecycle'
import type { LinkHandle, LinkName } from './link-handle.ts'
import type { RegistrationKey } from './registrations.ts'

/**
 * Which link holds which registration: it is the one that takes from the mailbox, and what it has claimed is in flight for as
 * long as it holds. Links are memory: they end with whoever has them. Partition: the user.
 */
export interface LinkStore {
  /**
   * The link holds the registration from now on, in the place of the one before, of which nothing is in flight any more.
   * The feed is told of both. False: the registration has ended, and nothing is changed. Soon durable.
   */
  attach(registration: RegistrationKey, link: LinkHandle): Promise<boolean>
  /**
   * The link holds the registration no longer, whether that still lives or not, and nothing is in flight. One that does not
   * hold it, because another took its place, changes nothing. Soon durable.
   *
   * @param reason for the feed
   */
  detach(registration: RegistrationKey, link: LinkName, reason: DisconnectReason): Promise<void>
}
