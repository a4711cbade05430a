import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Stands between a browser and a server, and is the network that fails. */
export type CuttableProxy = {
  /** What the browser is given as the server's address. */
  readonly url: string
  readonly port: number
  /** Sockets that are open now, for tests that count them. */
  openCount(): number
  /** Ends what there is and refuses what comes: the network is gone, and it shows. */
  cut(): void
  /** No byte passes any more in either direction, and nothing tells: the network is gone, and it does not show. */
  stall(): void
  /** All is well again: what was stalled goes on. */
  restore(): void
  close(): Promise<void>
}

/** Starts a proxy on any free loopback port in front of `targetPort`, where a server may come and go. */
export async function startCuttableProxy(targetPort: number): Promise<CuttableProxy> {
  let mode: 'open' | 'cut' | 'stalled' = 'open'
  const pairs = new Set<readonly [Socket, Socket]>()
  const listener = createServer((near) => {
    if (mode === 'cut') near.destroy()
    else join(near)
  })

  function join(near: Socket): void {
    const far = connect(targetPort, '127.0.0.1')
    const pair = [near, far] as const
    pairs.add(pair)
    for (const [from, to] of [pair, [far, near] as const]) {
      from.setNoDelay()
      from.pipe(to)
      // Either end's failure is the end of both; why does not matter here.
      from.on('error', () => end(pair))
      from.on('close', () => end(pair))
    }
    if (mode === 'stalled') stop(pair)
  }
  function end(pair: readonly [Socket, Socket]): void {
    pairs.delete(pair)
    for (const socket of pair) socket.destroy()
  }
  function stop(pair: readonly [Socket, Socket]): void {
    const [near, far] = pair
    near.unpipe(far).pause()
    far.unpipe(near).pause()
  }
  function cut(): void {
    mode = 'cut'
    for (const pair of [...pairs]) end(pair)
  }
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const { port } = address
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    openCount: () => pairs.size,
    cut,
    stall() {
      mode = 'stalled'
      for (const pair of pairs) stop(pair)
    },
    restore() {
      if (mode === 'stalled') for (const [near, far] of pairs) near.pipe(far).pipe(near)
      mode = 'open'
    },
    async close() {
      cut()
      listener.close()
      await once(listener, 'close')
    },
  }
}
