import { mkdir } from 'node:fs/promises'
import { type Audit, type AuditRecord, createAudit } from './audit/audit.ts'
import { type Clock, type Random, watchWallJumps } from './clock/clock.ts'
import type { Closers } from './closers.ts'
import type { Configuration } from './config/config.ts'
import { createLimits, doerOf, type Limits } from './limits/limits.ts'
import { createSealer, loadSealingKey, readFormerKey, type Sealer } from './masks/masks.ts'
import { createMetrics, type Log, type Metrics, Statistics } from './observe/observe.ts'
import type { Standing } from './standing.ts'
import { assertOwnFolder } from './start-checks.ts'
import type { Store } from './store/store.ts'

/** What everything else stands on: what is kept, counted, written down and bounded. */
export type Ground = {
  readonly store: Store
  /** Seals masked events, by the data folder's key. */
  readonly sealer: Sealer
  readonly metrics: Metrics
  readonly statistics: Statistics
  readonly audit: Audit
  readonly limits: Limits
  /** The store as one process among others has it. */
  readonly standing: Standing
}

export type GroundOptions = {
  readonly configuration: Configuration
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Opens the store, which tells these two what happens, or asks them. */
  readonly openStore: (beside: Pick<Ground, 'statistics' | 'limits'>) => Promise<Standing>
  readonly closers: Closers
}

/** Opens the data folder, and what needs nothing but it. */
export async function layGround(options: GroundOptions): Promise<Ground> {
  const { configuration, clock, random, log, openStore, closers } = options
  const { dataDir, sealingKey: keyFromConfig, formerSealingKey } = configuration
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await assertOwnFolder(dataDir)
  const statistics = new Statistics(clock.wallMs())
  const metrics = createMetrics(statistics)
  const limits = createLimits({ settings: configuration, clock })
  const onJump = (byMs: number): void => {
    metrics.wallJumped()
    log.warn('the wall clock jumped', { bySeconds: Math.round(byMs / 1000) })
  }
  closers.add(watchWallJumps(clock, onJump))
  const standing = await openStore({ statistics, limits })
  const { store } = standing
  closers.add(() => store.close())
  closers.add(() => standing.leave())
  const audit = createAudit({
    ...{ file: configuration.auditFile, clock, log, metrics },
    keep: (line) => store.audit.add([line]),
    takeKind: (record) => limits.ledger.auditKinds.take(doerIn(record)),
  })
  closers.add(() => audit.close())
  standing.onNodeRecorded((action, node) => audit.record({ action, outcome: 'done', node }))
  closers.add(() => {
    const { nodes } = standing.cluster
    if (!nodes.isAlone && nodes.isMember())
      audit.record({ action: 'node_left', outcome: 'done', node: nodes.self })
  })
  // After the store: a key beside no store says that one was lost.
  const key = await loadSealingKey({ dataDir, keyFromConfig, random })
  const sealer = createSealer(key, random, readFormerKey(formerSealingKey))
  return { standing, store, sealer, metrics, statistics, audit, limits }
}

/** Whose lines a line of the audit log is one of: of who called, or of who has signed in; of strangers by their address. */
function doerIn(record: AuditRecord): ReturnType<typeof doerOf> {
  const {
    callerId,
    callerOrganizationId = null,
    organizationId = null,
    userId,
    outcome,
    address = '',
  } = record
  if (callerId !== undefined)
    return doerOf({ organizationId: callerOrganizationId, userId: callerId }, address)
  const hasSignedIn = outcome === 'done' && userId !== undefined
  return doerOf(hasSignedIn ? { organizationId, userId } : undefined, address)
}
