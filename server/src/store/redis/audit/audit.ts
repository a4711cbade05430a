import type { AuditEntry, AuditStore, KeptAuditEntry } from '../../store.ts'
import { list, number, text } from '../connection/answers.ts'
import { CONTROL } from '../connection/partitions.ts'
import { BEHIND, refused } from '../connection/refusals.ts'
import type { Answer } from '../connection/wire.ts'
import type { Engine } from '../engine.ts'

/** Lines that are kept in memory while Redis is away. */
const WAITING_MAX = 10_000
const DAY_MS = 86_400_000

/** With what is to be called now and then. */
export type RedisAudit = AuditStore & {
  /** Writes what could not be written before. */
  catchUp(): Promise<void>
}

/** Lines are written in the order of their calls. Where nobody knows whether some were, they are written again. */
export function redisAudit(engine: Engine): RedisAudit {
  const { functions } = engine
  let waiting: readonly AuditEntry[] = []
  let writing: Promise<void> = Promise.resolve()
  const write = (): Promise<void> => {
    writing = writing.then(async () => {
      const lines = waiting
      if (lines.length === 0) return
      try {
        await addLines(engine, lines)
        waiting = waiting.slice(lines.length)
      } catch {
        // They wait for the next time.
      }
    })
    return writing
  }
  return {
    async add(lines) {
      functions.assertOpen()
      if (waiting.length + lines.length > WAITING_MAX) throw refused(BEHIND)
      waiting = [...waiting, ...lines]
      await write()
    },
    read: (organizationId, before, max) => read(engine, organizationId, before, max),
    catchUp: write,
  }
}

async function addLines(engine: Engine, lines: readonly AuditEntry[]): Promise<void> {
  const { auditLinesMax, organizationSharePercent } = engine.bookBounds
  const rows = lines.flatMap(({ atWallMs, organizationId, text: line }) => [atWallMs, organizationId, line])
  const args = [auditLinesMax, organizationSharePercent < 100 ? 1 : 0, oldestWallMs(engine), ...rows]
  await engine.functions.call('durable', 'audit_add', CONTROL, args)
}

async function read(
  engine: Engine,
  organizationId: string | undefined,
  before: number | undefined,
  max: number,
): Promise<readonly KeptAuditEntry[]> {
  const whose = [organizationId === undefined ? 1 : 0, organizationId ?? '']
  const args = [...whose, before === undefined ? '+inf' : before, max, oldestWallMs(engine)]
  return list(await engine.functions.call('quick', 'audit_read', CONTROL, args)).map(toLine)
}

/** Older ones are not seen any more. */
function oldestWallMs({ serviceTime, bookBounds }: Engine): number {
  return serviceTime.wall.earliestMs() - bookBounds.auditDays * DAY_MS
}

function toLine(answer: Answer): KeptAuditEntry {
  const [sequence, atWallMs, organizationId, line] = list(answer)
  return {
    sequence: number(sequence),
    atWallMs: number(atWallMs),
    organizationId: text(organizationId),
    text: text(line),
  }
}
