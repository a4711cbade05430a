import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { requestToken } from '@rollcall/client/client'
import { hashRandomSecret, hashSecret } from '../../server/src/auth/auth.ts'
import { makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { WebhookReceiver } from '../helpers/webhook-receiver.ts'
import { type Plant, planting } from './plants.ts'
import type { Target } from './target.ts'

const SECRET = 'a-random-secret-of-enough-characters-for-tests'

/** A server with two organizations: `acme`, the victim's, which has a webhook, and `evil`. */
export type Scene = {
  readonly server: ServerProcess
  readonly receiver: WebhookReceiver
  readonly auditFile: string
  tokenOfUser(username: string): Promise<string>
  tokenOfClient(clientId: string): Promise<string>
  target(): Promise<Target>
  /** Resident memory of the server, bytes. */
  memoryBytes(): Promise<number>
  close(): Promise<void>
}

type SceneOptions = {
  /** Configuration beside what the scene needs. */
  readonly env?: Readonly<Record<string, string>>
  readonly plants?: readonly Plant[]
}

export async function openScene({ env = {}, plants = [] }: SceneOptions = {}): Promise<Scene> {
  const data = await makeDataDir()
  const receiver = new WebhookReceiver()
  await receiver.start()
  const directory = join(data.path, 'directory.json')
  await writeFile(directory, JSON.stringify(await directoryOf(receiver)), { mode: 0o600 })
  const auditFile = join(data.path, 'audit.log')
  const server = await startProcess(join(data.path, 'data'), {
    DIRECTORY_FILE: directory,
    AUDIT_FILE: auditFile,
    WEBHOOK_PRIVATE_ADDRESSES: '127.0.0.0/8',
    ...env,
    ...planting(plants),
  })
  const { url, port } = server
  const tokenOfUser = async (username: string): Promise<string> => {
    const grant = { type: 'password', username, password: `${username}-password` } as const
    return (await requestToken({ url, clientId: 'customer', grant })).accessToken
  }
  const tokenOfClient = async (clientId: string): Promise<string> => {
    const grant = { type: 'client_credentials' } as const
    return (await requestToken({ url, clientId, clientSecret: SECRET, grant })).accessToken
  }
  const userOf = async (username: string) => ({ username, token: await tokenOfUser(username) })
  return {
    server,
    receiver,
    auditFile,
    tokenOfUser,
    tokenOfClient,
    target: async () => ({
      url,
      port,
      mallory: await userOf('mallory'),
      insider: await userOf('insider'),
      backendToken: await tokenOfClient('evil-backend'),
    }),
    memoryBytes: () => memoryOf(server),
    async close() {
      await server.kill()
      await receiver.stop()
      await data.remove()
    },
  }
}

/** Resident bytes, from the server's own metrics: they are the same on every system. */
async function memoryOf(server: ServerProcess): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  return Number(/^(?:rollcall_)?process_resident_memory_bytes (\S+)$/m.exec(text)?.[1])
}

async function directoryOf(receiver: WebhookReceiver): Promise<object> {
  const user = async (username: string, organizationId: string) => ({
    username,
    organizationId,
    passwordHash: await hashSecret(`${username}-password`),
  })
  const backend = (id: string, organizationId: string) => ({
    id,
    organizationId,
    secretHash: hashRandomSecret(SECRET),
    grants: ['client_credentials'],
  })
  const webhook = { id: 'hook', url: receiver.url, secret: receiver.secret, events: ['*'] }
  return {
    organizations: [{ id: 'acme', webhooks: [webhook] }, { id: 'evil' }],
    users: await Promise.all([
      user('vera', 'acme'),
      user('victor', 'acme'),
      user('insider', 'acme'),
      user('mallory', 'evil'),
    ]),
    clients: [
      { id: 'customer', public: true, grants: ['password', 'refresh_token'] },
      backend('acme-backend', 'acme'),
      backend('evil-backend', 'evil'),
    ],
  }
}
