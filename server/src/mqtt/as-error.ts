/** What was thrown, for the log; of what is no error, its type only. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`thrown: ${typeof thrown}`)
}
