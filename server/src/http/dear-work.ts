import type { ServerResponse } from 'node:http'
import { RollcallError } from '@rollcall/protocol/error-code'
import { type Dear, holderOf, type Limits, turnOf, type Worker } from '../limits/limits.ts'

/** What a request that costs what it takes needs of the limits. */
export type DearLimits = Pick<Limits, 'work' | 'ledger' | 'turns' | 'shedding'>

/** A page of the history at the most: what the store lists at a time, with what each record needs besides; bytes. */
export const HISTORY_PAGE_BYTES_MAX = 2_097_152
/** Processor time for a page, and for each of its bytes, milliseconds. */
const HISTORY_PAGE_COST_MS = 0.2
const HISTORY_BYTE_COST_MS = 0.000_01

/** What a page of the history costs whoever reads it, milliseconds. */
export function historyPageCostMs(bytes: number): number {
  return HISTORY_PAGE_COST_MS + bytes * HISTORY_BYTE_COST_MS
}

export type DearRequest = {
  /** What it is, for when the server is overloaded. */
  readonly what: Dear
  readonly caller: Worker
  readonly response: ServerResponse
  /** As large as the answer may be. */
  readonly answerBytesMax: number
}

/**
 * Does what costs more than most requests: once its caller is not in debt, when it is the caller's turn, and with
 * room for its answer, which is held until the answer has left or its connection is gone.
 *
 * @param make gives the answer and what it cost, milliseconds of processor time
 * @throws RateLimited; RollcallError `unavailable` where too many answers are on their way, or the server is busy
 */
export async function dearly<T>(
  { work, ledger, turns, shedding }: DearLimits,
  { what, caller, response, answerBytesMax }: DearRequest,
  make: () => Promise<readonly [answer: T, costMs: number]>,
): Promise<T> {
  shedding.admit(what)
  work.admit(caller)
  const release = ledger.answerBytes.take(holderOf(caller), answerBytesMax)
  if (release === undefined)
    throw new RollcallError('unavailable', 'Too many answers are on their way.', { retryAfterSeconds: 1 })
  response.once('close', release)
  await turns.next(turnOf(caller))
  const [answer, costMs] = await make()
  work.spend(caller, costMs)
  return answer
}
