import { ANSWERS_MAX } from '../bounds.ts'
import type { Answer, AnswerStore, IdempotencyKey, UserKey } from '../store.ts'
import { assertOpen, type Gate } from './gate.ts'

/** Answers by caller and key, oldest first. */
export type AnswerBook = Map<string, Answer & { readonly expiresAtWallMs: number }>

export function memoryAnswers(answers: AnswerBook, gate: Gate): AnswerStore {
  return {
    async find(owner, key, nowWallMs) {
      assertOpen(gate)
      const found = answers.get(keyOf(owner, key))
      if (found === undefined || nowWallMs >= found.expiresAtWallMs) return undefined
      return { eventId: found.eventId, count: found.count }
    },
  }
}

export function remember(answers: AnswerBook, idempotency: IdempotencyKey, answer: Answer): void {
  const key = keyOf(idempotency.owner, idempotency.key)
  answers.delete(key)
  answers.set(key, { ...answer, expiresAtWallMs: idempotency.expiresAtWallMs })
  for (const oldest of answers.keys()) {
    if (answers.size <= ANSWERS_MAX) break
    answers.delete(oldest)
  }
}

function keyOf(owner: UserKey, key: string): string {
  return JSON.stringify([owner.organizationId, owner.userId, key])
}
