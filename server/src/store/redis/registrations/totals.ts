import type { StoreTotals } from '../../store.ts'
import { list, number } from '../connection/answers.ts'
import type { Engine } from '../engine.ts'

/** A small question to each partition. */
export async function totals({ functions }: Engine, organizationId?: string): Promise<StoreTotals> {
  const args = [organizationId ?? '', organizationId === undefined ? 1 : 0]
  const parts = (await functions.callAll('quick', 'totals', args)).map(list)
  const sum = (index: number) => parts.reduce((total, part) => total + number(part[index]), 0)
  return { registrations: sum(0), mailboxEvents: sum(1), mailboxBytes: sum(2) }
}
