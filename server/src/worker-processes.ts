import cluster from 'node:cluster'
import { hostname } from 'node:os'
import { type Clock, type Random, systemClock } from './clock/clock.ts'
import type { Configuration } from './config/config.ts'
import type { Log } from './observe/observe.ts'
import { type WorkerProcess, Workers } from './workers.ts'

/** Of a name that others are made of by a number. */
const NAME_LENGTH_MAX = 60

/** Whether this process is a worker of another, which has its port. */
export function isWorker(): boolean {
  return cluster.isWorker
}

/**
 * Runs as many workers as are configured behind one port, each a node of its own. This process serves nobody itself.
 *
 * @param exit told once all have ended
 */
export function superviseWorkers(
  { workers: count, nodeName, adminPort }: Configuration,
  {
    random,
    log,
    clock = systemClock(),
  }: { readonly random: Random; readonly log: Log; readonly clock?: Clock },
  exit: (code: number) => void,
): Pick<Workers, 'stop' | 'hangUp'> {
  // By one name over all restarts, so that who comes again takes the place of who was there.
  const name = (nodeName ?? `${hostname()}-${random.bytes(4).toString('hex')}`).slice(0, NAME_LENGTH_MAX)
  const fork = (index: number): WorkerProcess => {
    const admin = adminPort === 0 ? {} : { ADMIN_PORT: String(adminPort + index) }
    const worker = cluster.fork({ NODE_NAME: `${name}-${index}`, ...admin })
    return {
      pid: worker.process.pid,
      onListening: (told) => void worker.on('listening', told),
      onExit: (told) => void worker.on('exit', told),
      kill: (signal) => void worker.process.kill(signal),
    }
  }
  const workers = new Workers({ count, fork, clock, log, onEnd: exit })
  workers.start()
  return workers
}
