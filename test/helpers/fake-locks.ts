import type { LockManagerLike } from '@rollcall/client/client'

type Waiting = { readonly owner: object; grant(): void }
type Held = { readonly owner: object; release(): void }

/** Web Locks of one browser: each tab opens its own view, and gives up its locks when it dies. */
export function createFakeLocks() {
  const held = new Map<string, Held>()
  const queues = new Map<string, Waiting[]>()

  const next = (name: string): void => {
    held.delete(name)
    const waiting = queues.get(name)?.shift()
    if (waiting === undefined) return
    // Nobody else gets it until the callback runs.
    held.set(name, { owner: waiting.owner, release: () => undefined })
    waiting.grant()
  }
  const hold = async <T>(
    owner: object,
    name: string,
    run: (lock: object) => Promise<T>,
  ): Promise<T | undefined> => {
    let release = (): void => undefined
    const died = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined)
    })
    held.set(name, { owner, release })
    try {
      return await Promise.race([run({ name }), died])
    } finally {
      next(name)
    }
  }

  function open(): LockManagerLike & { die(): void } {
    const owner = {}
    return {
      async request<T>(
        name: string,
        { ifAvailable = false, signal }: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
        callback: (lock: object | null) => Promise<T>,
      ): Promise<T> {
        signal?.throwIfAborted()
        if (held.has(name)) {
          if (ifAvailable) return callback(null)
          await new Promise<void>((resolve, reject) => {
            const queue = queues.get(name) ?? []
            queues.set(name, queue)
            const waiting = { owner, grant: resolve }
            queue.push(waiting)
            signal?.addEventListener('abort', () => {
              const index = queue.indexOf(waiting)
              if (index === -1) return
              queue.splice(index, 1)
              reject(signal.reason)
            })
          })
        }
        return (await hold(owner, name, callback)) as T
      },
      die() {
        for (const queue of queues.values())
          for (const waiting of queue.filter((one) => one.owner === owner))
            queue.splice(queue.indexOf(waiting), 1)
        for (const { owner: holder, release } of [...held.values()]) if (holder === owner) release()
      },
    }
  }
  return { open }
}
