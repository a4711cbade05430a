import type { Answer } from './wire.ts'

/** Reads what a function answered. What is not as it should be is a fault of the program. */

export function list(answer: Answer | undefined): readonly Answer[] {
  if (!Array.isArray(answer)) throw new TypeError('Redis answered no list.')
  return answer as readonly Answer[]
}

export function bytes(answer: Answer | undefined): Buffer {
  if (Buffer.isBuffer(answer)) return answer
  throw new TypeError('Redis answered no text.')
}

export function text(answer: Answer | undefined): string {
  return bytes(answer).toString()
}

/** A number, whether it came as one or as a text. */
export function number(answer: Answer | undefined): number {
  return typeof answer === 'number' ? answer : Number(text(answer))
}

export function texts(answer: Answer | undefined): readonly string[] {
  return list(answer).map(text)
}

/** `undefined` where there is nothing. */
export function optional<T>(answer: Answer | undefined, read: (answer: Answer) => T): T | undefined {
  return answer === null || answer === undefined ? undefined : read(answer)
}

/** A member that is absent where there is nothing. */
export function member<Name extends string, T>(
  name: Name,
  answer: Answer | undefined,
  read: (answer: Answer) => T,
): { readonly [name in Name]?: T } {
  const value = optional(answer, read)
  return value === undefined ? {} : ({ [name]: value } as { [name in Name]: T })
}

export function isYes(answer: Answer | undefined): boolean {
  return number(answer) === 1
}
