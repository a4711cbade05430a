import type { Lab, Subject } from '../lab/lab.ts'
import type { Server } from '../lab/server.ts'
import type { Worker } from '../lab/worker.ts'

/** Links of one organization alone: half of what few open files allow may be too few. */
export const ONE_ORGANIZATION = { ORGANIZATION_SHARE_PERCENT: '100' }

/** A server in a folder of its own, which goes when it stops. */
export async function openServer(
  lab: Lab,
  subject: Subject,
  environment: NodeJS.ProcessEnv = {},
): Promise<AsyncDisposable & { readonly server: Server }> {
  const folder = lab.newDataFolder()
  const server = await lab.startServer(subject, folder, environment)
  return {
    server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      lab.removeDataFolder(folder)
    },
  }
}

/** Registers endpoints 0 to `count`, one for each user unless `perUser` says otherwise. */
export async function registerEndpoints(lab: Lab, server: Server, count: number, perUser = 1): Promise<void> {
  await lab.send(server, {
    work: { kind: 'register', share: { perUser } },
    pace: { kind: 'count', count },
  })
}

/** Registers `count` devices, one for each user, and opens their links. */
export async function connectDevices(lab: Lab, server: Server, count: number): Promise<Worker> {
  await registerEndpoints(lab, server, count)
  const receiver = lab.startReceiver()
  await lab.connect(receiver, server, { links: count, stride: 1, endpointsPerUser: 1 })
  return receiver
}
