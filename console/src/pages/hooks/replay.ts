import type { Webhook } from '../../api/api.ts'

/** Dead letters that are being sent again. */
export type Replay = {
  readonly count: number
  /** How many dead letters there will be once all of them are taken. */
  readonly goal: number
  /** How many there were when last looked at, and since when. */
  readonly deadLetters: number
  readonly movedAtMs: number
  /** The webhook's last failure before. */
  readonly failureBefore: string | undefined
}

/** How far a replay has come. */
export type Progress =
  | { readonly is: 'going'; readonly replay: Replay; readonly left: number }
  | { readonly is: 'taken'; readonly count: number }
  | { readonly is: 'stopped'; readonly left: number; readonly failure: string | undefined }

/** Longer than a receiver is waited for; a restart of the server ends a replay without a word. */
const PATIENCE_MS = 30_000

export function begin({ deadLetters, lastFailureAt }: Webhook, count: number, nowMs: number): Replay {
  return {
    count,
    goal: Math.max(0, deadLetters - count),
    deadLetters,
    movedAtMs: nowMs,
    failureBefore: lastFailureAt,
  }
}

/** Looks again. The first request that fails ends a replay: what is left stays in the list. */
export function look(replay: Replay, webhook: Webhook, nowMs: number): Progress {
  const { deadLetters, lastFailureAt, lastFailure } = webhook
  const left = deadLetters - replay.goal
  if (left <= 0) return { is: 'taken', count: replay.count }
  if (lastFailureAt !== replay.failureBefore) return { is: 'stopped', left, failure: lastFailure }
  const hasMoved = deadLetters < replay.deadLetters
  if (!hasMoved && nowMs - replay.movedAtMs > PATIENCE_MS) return { is: 'stopped', left, failure: undefined }
  return { is: 'going', left, replay: hasMoved ? { ...replay, deadLetters, movedAtMs: nowMs } : replay }
}
