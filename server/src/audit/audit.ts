import type { Clock } from '../clock/clock.ts'
import type { Log } from '../observe/observe.ts'
import { AuditFile } from './audit-file.ts'
import type { AuditLine, AuditRecord } from './audit-record.ts'
import { Gathering, type TakeKind } from './gathering.ts'

export type { AuditAction, AuditRecord } from './audit-record.ts'

/** Keeps who did what to whom, from where, when, and what came of it. Never waits, never throws. */
export interface Audit {
  /** The first of its kind is written at once; the same again within a minute is one more line, with their count. */
  record(record: AuditRecord): void
  /** Opens the file anew, under its name: somebody has moved it away. */
  reopen(): void
  /** Writes what is left. Idempotent. */
  close(): Promise<void>
}

export type AuditOptions = {
  /** Lines are appended to it; made with mode 0600. `undefined`: they go into the log, with `audit: true`. */
  readonly file: string | undefined
  readonly clock: Pick<Clock, 'wallMs' | 'monotonicMs' | 'every'>
  readonly log: Pick<Log, 'info' | 'error'>
  readonly metrics: { auditLost(count: number): void }
  /** Keeps lines where they can be read again; what it rejects is counted as lost. Default: nowhere. */
  readonly keep?: (line: KeptLine) => Promise<void>
  /** Room for what is told apart within a minute. */
  readonly takeKind: TakeKind
}

/** A line, and whose it is: of the organization that it is about, or that did it; empty: of none. */
export type KeptLine = {
  readonly atWallMs: number
  readonly organizationId: string
  readonly text: string
}

export const NO_AUDIT: Audit = {
  record: () => undefined,
  reopen: () => undefined,
  close: async () => undefined,
}

export function createAudit({ file, clock, log, metrics, keep, takeKind }: AuditOptions): Audit {
  const sink = file === undefined ? undefined : new AuditFile({ file, clock, log, metrics })
  const write = (line: AuditLine): void => {
    if (sink === undefined) log.info('audit', { audit: true, ...line })
    else sink.write(JSON.stringify(line))
    keep?.(keptOf(line)).catch(() => metrics.auditLost(1))
  }
  const gathering = new Gathering(clock, takeKind, write)
  return {
    record: (record) => gathering.add(record),
    reopen: () => sink?.reopen(),
    async close() {
      gathering.close()
      await sink?.close()
    },
  }
}

function keptOf(line: AuditLine): KeptLine {
  const organizationId = line.organizationId ?? line.callerOrganizationId ?? ''
  return { atWallMs: Date.parse(line.at), organizationId, text: JSON.stringify(line) }
}
