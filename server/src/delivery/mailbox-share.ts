import { RollcallError } from '@rollcall/protocol/error-code'
import { isOverShare, SHARE_PERCENTS, type StoreGauges } from '../store/store.ts'

/** Bytes below which nobody is refused: what one endpoint that was away for long may have. */
const FLOOR_BYTES = 1_048_576

/** Configuration keys of the same names. Default: no bound. */
export type MailboxShareSettings = {
  readonly mailboxTotalBytesMax?: number
  readonly organizationSharePercent?: number
}

/**
 * What waits in mailboxes is bounded for all, and shared: an organization that has more than its share has new events
 * for it refused, and nobody else has.
 *
 * @param bytes that are to come, about
 * @throws RollcallError `mailbox_full`
 */
export function assertMailboxShare(
  gauges: Pick<StoreGauges, 'mailboxDiskBytes'>,
  {
    mailboxTotalBytesMax: bytesMax = Number.POSITIVE_INFINITY,
    organizationSharePercent: percent = SHARE_PERCENTS.organizationSharePercent,
  }: MailboxShareSettings,
  organizationId: string,
  bytes: number,
): void {
  const used = gauges.mailboxDiskBytes() + bytes
  // Nearly always: then nobody can be over its share.
  if (used <= (bytesMax * percent) / 100) return
  const held = gauges.mailboxDiskBytes(organizationId) + bytes
  const free = bytesMax - used
  if (held <= FLOOR_BYTES || (free >= 0 && !isOverShare(held, free, percent))) return
  throw new RollcallError('mailbox_full', 'The mailboxes of the organization are full.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  })
}

/** Devices have to come and fetch what waits, which takes longer than a write. */
const RETRY_AFTER_SECONDS = 10
