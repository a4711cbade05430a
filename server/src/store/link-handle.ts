import type { ConnectionInSight } from '@rollcall/protocol/command'

/** Who is at the other end of a connection, in its own words: for people who look, never for the log. */
export type LinkPeer = Pick<ConnectionInSight, 'clientId' | 'protocol' | 'transport'> & {
  readonly userAgent: string | undefined
  readonly connectedAtWallMs: number
}

/** What names a link in the store. */
export type LinkName = Pick<LinkHandle, 'linkId' | 'node'>

/** A link as the store knows it. */
export type LinkHandle = {
  /** Tells it from every other link there was. */
  readonly linkId: number
  readonly peer: LinkPeer
  /** The incarnation of the process that has it. Absent: this one. */
  readonly node?: string
}
