import { parseMessage } from './messages.ts'

/**
 * Makes this process a worker: every message is answered, in order, with what `handle` makes of it, or with
 * `{ failure }`. Ends the process when the benchmark is gone.
 */
export function answerMessages<Request>(handle: (request: Request) => Promise<object>): void {
  process.on('disconnect', () => process.exit(0))
  process.on('message', (message) => {
    handle(parseMessage<Request>(message)).then(
      (result) => process.send?.(result),
      (error: unknown) => process.send?.({ failure: error instanceof Error ? error.message : String(error) }),
    )
  })
}
