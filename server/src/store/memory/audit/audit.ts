import type { WallBounds } from '../../../clock/clock.ts'
import type { AuditBounds } from '../../bounds.ts'
import type { AuditStore, KeptAuditEntry } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

export function memoryAudit(bounds: AuditBounds, wall: WallBounds, gate: Gate): AuditStore {
  let lines: KeptAuditEntry[] = []
  let nextSequence = 1
  const isKept = ({ atWallMs }: KeptAuditEntry): boolean =>
    wall.earliestMs() < atWallMs + bounds.auditDays * 86_400_000
  return {
    async add(added) {
      assertOpen(gate)
      for (const line of added) lines.push({ ...line, sequence: nextSequence++ })
      lines = lines.filter(isKept)
      while (lines.length > bounds.auditLinesMax) {
        const leaving = oldestOf(lines, bounds)
        lines = lines.filter((line) => line !== leaving)
      }
    },
    async read(organizationId, before = Number.POSITIVE_INFINITY, max) {
      assertOpen(gate)
      return lines
        .filter((line) => isKept(line) && line.sequence < before)
        .filter((line) => organizationId === undefined || line.organizationId === organizationId)
        .sort((one, other) => other.sequence - one.sequence)
        .slice(0, max)
    },
  }
}

/** The oldest of the organization that has the most; of those that have as many, of the one that had so many first. */
function oldestOf(
  lines: readonly KeptAuditEntry[],
  { organizationSharePercent }: AuditBounds,
): KeptAuditEntry | undefined {
  if (organizationSharePercent >= 100) return lines[0]
  const counts = new Map<string, number>()
  let largest = ''
  for (const { organizationId } of lines) {
    const count = (counts.get(organizationId) ?? 0) + 1
    counts.set(organizationId, count)
    if (count > (counts.get(largest) ?? 0)) largest = organizationId
  }
  return lines.find(({ organizationId }) => organizationId === largest)
}
