import { describe, it } from 'node:test'
import { answerCases, answerRestartCases } from './contract/answers.ts'
import { auditCases, auditRestartCases } from './contract/audit.ts'
import { chartCases, chartRestartCases } from './contract/charts.ts'
import { directoryCases, directoryRestartCases } from './contract/directory.ts'
import { discardReasonCases, discardReasonRestartCases } from './contract/discard-reasons.ts'
import { dueCases } from './contract/due.ts'
import { erasureCases, erasureRestartCases } from './contract/erasure.ts'
import { feedCases, feedRestartCases } from './contract/feed.ts'
import { historyCases } from './contract/history.ts'
import { historyOutcomeCases } from './contract/history-outcomes.ts'
import { historyRestartCases } from './contract/history-restart.ts'
import { historySharingCases, historySharingRestartCases, SMALL_HISTORY } from './contract/history-sharing.ts'
import { lastSeenCases } from './contract/last-seen.ts'
import { leaseCases, leaseRestartCases } from './contract/leases.ts'
import { linkCases, linkRestartCases } from './contract/links.ts'
import { lookCases, lookRestartCases } from './contract/look.ts'
import { mailboxCases } from './contract/mailboxes.ts'
import { neighbourCases } from './contract/neighbours.ts'
import { registrationCases } from './contract/registrations.ts'
import { replyCases, replyRestartCases } from './contract/replies.ts'
import { closingCases, restartCases } from './contract/restart.ts'
import { type Cases, Scene, type StoreUnderTest } from './contract/scene.ts'
import { sharedListCases } from './contract/shared-lists.ts'
import {
  flappingCases,
  revocationCases,
  SMALL_BOOKS,
  sharingCases,
  sharingRestartCases,
  signInSharingCases,
} from './contract/sharing.ts'
import { standstillCases, standstillRestartCases } from './contract/standstill.ts'
import { termCases, termRestartCases } from './contract/terms.ts'
import { tokenCases } from './contract/tokens.ts'
import { totalsCases, totalsRestartCases } from './contract/totals.ts'
import { userCases, userRestartCases } from './contract/users.ts'
import { wakeUpCases, wakeUpRestartCases } from './contract/wake-ups.ts'
import { wallJumpCases, wallJumpRestartCases } from './contract/wall-jumps.ts'

export type { StoreUnderTest } from './contract/scene.ts'

/** What every store under test is opened with. */
export const CONTRACT_BOUNDS = { bookBounds: SMALL_BOOKS, historyBounds: SMALL_HISTORY } as const

export type ContractOptions = {
  /** Why this store is not tried with restarts and crashes. */
  readonly noRestarts?: string
  /** Why it is not tried with time that stands still and clocks that jump, which takes long. */
  readonly noTime?: string
  /** Why it is not tried with several processes. */
  readonly noNeighbours?: string
  /** Why it is not tried at all here. */
  readonly skip?: string
}

/**
 * Tries every guarantee of `store.ts` on a store. All engines pass the same suite.
 *
 * @param name of the engine
 * @param open makes an empty store
 */
export function testStoreContract(
  name: string,
  open: () => Promise<StoreUnderTest>,
  { noRestarts, noTime, noNeighbours, skip: noneOfIt }: ContractOptions = {},
): void {
  const groups: readonly (readonly [string, Cases, skip?: string | undefined])[] = [
    ['registrations', registrationCases],
    ['what is due', dueCases],
    ['time that stands still', standstillCases, noTime],
    ['a wall clock that jumps', wallJumpCases, noTime],
    ['mailboxes and answers', mailboxCases],
    ['replies to idempotency keys', replyCases],
    ['how devices are woken', wakeUpCases],
    ['history', historyCases],
    ['outcomes in the history', historyOutcomeCases],
    ['why something was discarded', discardReasonCases],
    ['a history that everybody shares', historySharingCases],
    ['tokens', tokenCases],
    ['what everybody shares', sharingCases],
    ['sign-ins and last times that everybody shares', signInSharingCases],
    ['revocations', revocationCases],
    ['lists that several hold', sharedListCases],
    ['the directory', directoryCases],
    ['the audit log', auditCases],
    ['devices that flap', flappingCases],
    ['last seen', lastSeenCases],
    ['who is there', userCases],
    ['erasing a user', erasureCases],
    ['the feed', feedCases],
    ['leases of webhooks', leaseCases],
    ['looking', lookCases],
    ['links', linkCases],
    ['several processes', neighbourCases, noNeighbours],
    ['terms of events', termCases],
    ['answers to events', answerCases],
    ['totals', totalsCases],
    ['charts', chartCases],
    ['restarts', restartCases, noRestarts],
    ['charts, over restarts', chartRestartCases, noRestarts],
    ['why something was discarded, over restarts', discardReasonRestartCases, noRestarts],
    ['time that stood still, over restarts', standstillRestartCases, noTime ?? noRestarts],
    ['a wall clock that jumps, over restarts', wallJumpRestartCases, noTime ?? noRestarts],
    ['replies over restarts', replyRestartCases, noRestarts],
    ['the directory over restarts', directoryRestartCases, noRestarts],
    ['the audit log over restarts', auditRestartCases, noRestarts],
    ['looking over restarts', lookRestartCases, noRestarts],
    ['how devices are woken, over restarts', wakeUpRestartCases, noRestarts],
    ['links over restarts', linkRestartCases, noRestarts],
    ['terms over restarts', termRestartCases, noRestarts],
    ['answers over restarts', answerRestartCases, noRestarts],
    ['what everybody shares, over restarts', sharingRestartCases, noRestarts],
    ['who is there, over restarts', userRestartCases, noRestarts],
    ['erasing a user, over restarts', erasureRestartCases, noRestarts],
    ['totals over restarts', totalsRestartCases, noRestarts],
    ['restarts and the feed', feedRestartCases, noRestarts],
    ['leases of webhooks over restarts', leaseRestartCases, noRestarts],
    ['history over restarts', historyRestartCases, noRestarts],
    ['a shared history over restarts', historySharingRestartCases, noRestarts],
    ['closing', closingCases],
  ]
  describe(`the store's contract: ${name}`, { skip: noneOfIt ?? false }, () => {
    for (const [group, cases, skip] of groups) {
      describe(group, { skip: skip ?? false }, () => {
        for (const [guarantee, tryIt] of Object.entries(cases)) it(guarantee, () => run(open, tryIt))
      })
    }
  })
}

async function run(
  open: () => Promise<StoreUnderTest>,
  tryIt: (scene: Scene) => Promise<void>,
): Promise<void> {
  const under = await open()
  try {
    await tryIt(new Scene(under))
  } finally {
    await under.close()
  }
}
