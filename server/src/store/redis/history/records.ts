import { DISCARD_REASONS, type DiscardReason, HISTORY_OUTCOMES } from '@rollcall/protocol/history'
import { noted, toEndpoint } from '../../history-query.ts'
import type { Answered, HistoryEndpoint, HistoryRecord, Outcome } from '../../store.ts'
import { bytes, list, member, number, optional, text } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'

/** A record as `S.show_record` gives it. */
export function toRecord(answer: Answer): HistoryRecord {
  const [id, draft, acceptedAt, event, parts, answered] = list(answer)
  const acceptedAtWallMs = number(acceptedAt)
  const said = optional(answered, toAnswered)
  return {
    ...JSON.parse(text(draft)),
    acceptedAtWallMs,
    event: bytes(event),
    recordId: number(id),
    endpoints: list(parts).map((part) => toPart(part, acceptedAtWallMs)),
    ...(said === undefined ? {} : { answered: said }),
  }
}

/** Its first outcome is of the acceptance. */
function toPart(answer: Answer, acceptedAtWallMs: number): HistoryEndpoint {
  const [userEndpointId, first, why, later] = list(answer)
  const rows = list(later)
  const at = [noted(toOutcome(first), acceptedAtWallMs, optional(why, toReason))]
  for (let index = 0; index < rows.length; index += 3) {
    const reason = optional(rows[index + 2], toReason)
    at.push(noted(toOutcome(rows[index]), number(rows[index + 1]), reason))
  }
  return toEndpoint(text(userEndpointId), at)
}

function toAnswered(answer: Answer): Answered {
  const [userEndpointId, atWallMs, said] = list(answer)
  return {
    userEndpointId: text(userEndpointId),
    atWallMs: number(atWallMs),
    ...member('answer', said, bytes),
  }
}

/** One that a newer version has written is none. */
function toReason(answer: Answer): DiscardReason | undefined {
  return DISCARD_REASONS.find((reason) => reason === text(answer))
}

function toOutcome(answer: Answer | undefined): Outcome {
  const word = text(answer)
  const outcome = HISTORY_OUTCOMES.find((known) => known === word)
  if (outcome === undefined) throw new TypeError('A record has an outcome that nobody knows.')
  return outcome
}
