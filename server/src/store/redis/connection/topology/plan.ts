import type { Address } from '../wire.ts'

/** What kind of Redis it is. */
export type Kind = 'single' | 'sentinel' | 'cluster'

/** Which Redis has what now. */
export type Plan = {
  /** Each once. */
  readonly primaries: readonly Address[]
  /** Where a slot is; `undefined`: nobody has it. */
  ownerOf(slot: number): Address | undefined
}

/** Finds out who has what. */
export interface Finder {
  /** @throws Error where nobody can say */
  find(): Promise<Plan>
  close(): void
}

/** One Redis has everything. */
export function planOfOne(address: Address): Plan {
  return { primaries: [address], ownerOf: () => address }
}

export function nameOf({ host, port }: Pick<Address, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
