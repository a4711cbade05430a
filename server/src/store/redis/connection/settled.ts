import type { Answer } from './wire.ts'

/** What came of something that was sent. */
export type Settled =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly error: unknown }

export async function settle(answer: Promise<Answer>): Promise<Settled> {
  try {
    return { kind: 'answered', answer: await answer }
  } catch (error) {
    return { kind: 'failed', error }
  }
}
