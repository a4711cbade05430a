import type { EntryPosition } from '../../store.ts'
import { list, number } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'
import { toRegistrationKey } from '../registrations/rows.ts'

/** A registration's key, and the sequence behind it. */
export function toPosition(answer: Answer): EntryPosition {
  return { registration: toRegistrationKey(answer), sequence: number(list(answer)[4]) }
}
