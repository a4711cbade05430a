/** What `GET /rtc-api/notices` answers: what is wrong now, the worst first. Kinds may come; whoever does not know one shows its name. */
export type NoticeList = {
  /** ISO-8601 instant of the answer. */
  readonly at: string
  /** Of the server. */
  readonly version: string
  /** Whether the page that explains the API is served at this address, `/docs`. */
  readonly docs: boolean
  readonly notices: readonly Notice[]
}

export type Notice =
  /** The store cannot write; a file of it is damaged; the disk is full, or nearly so; a part of it cannot be reached. */
  | { readonly kind: 'store_unwritable' | 'store_damaged' | 'disk_full' | 'disk_low' | 'store_partly_away' }
  /** What is dear is refused; what is new, too. */
  | { readonly kind: 'busy' | 'overloaded' }
  /** The server's certificate ends at `at`, within 14 days, or has ended. */
  | { readonly kind: 'certificate_ends'; readonly at: string }
  /** Mailboxes that had no room for an event, within the last five minutes. */
  | { readonly kind: 'mailboxes_full'; readonly count: number }
  /** Registrations that expired more than a second late, within the last five minutes. */
  | { readonly kind: 'expiries_late'; readonly count: number }
  /** The last attempt failed; `failure` is a code such as `status_503`. */
  | {
      readonly kind: 'webhook_failing'
      readonly organizationId: string
      readonly webhookId: string
      readonly failure: string
    }
  | {
      readonly kind: 'dead_letters'
      readonly organizationId: string
      readonly webhookId: string
      readonly count: number
    }
