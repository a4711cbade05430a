import type { TestContext } from 'node:test'
import {
  type AuthOptions,
  hashRandomSecret,
  hashSecret,
  importDirectory,
} from '../../server/src/auth/auth.ts'
import { createSealer } from '../../server/src/masks/masks.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import type { Store } from '../../server/src/store/store.ts'
import { openAuth, signIn, signInBackend } from './auth-fixture.ts'
import { createFakeClock, seededRandom } from './fake-clock.ts'

export const STORED_SECRET = 'a-random-secret-of-enough-characters-for-tests'
const PASSWORD_HASH = await hashSecret('the-password')

/** acme with `boss`, its administrator, `alice` and `backend`; globex with `gloria`, its administrator, and `carol`; `service`. */
export const STORED_FILE = {
  organizations: [
    {
      id: 'acme',
      webhooks: [
        {
          id: 'hook',
          url: 'https://hooks.example/x?token=planted',
          secret: `whsec_${'A'.repeat(32)}`,
          events: ['*'],
        },
      ],
      name: 'Acme',
    },
    { id: 'globex', webhooks: [] },
  ],
  users: [
    user('boss', 'acme', 'ROLE_ORGANIZATION_ADMIN'),
    user('alice', 'acme', 'ROLE_USER'),
    user('gloria', 'globex', 'ORGANIZATION_ADMIN'),
    user('carol', 'globex', 'ROLE_USER'),
  ],
  clients: [
    client('backend', { organizationId: 'acme' }),
    client('service', { authorities: ['ROLE_SERVICE'] }),
    { id: 'customer', public: true, grants: ['password', 'refresh_token'] },
  ],
}

function user(username: string, organizationId: string, authority: string) {
  return { username, passwordHash: PASSWORD_HASH, organizationId, authorities: [authority] }
}

function client(id: string, more: object) {
  return { id, secretHash: hashRandomSecret(STORED_SECRET), grants: ['client_credentials'], ...more }
}

export function testSealer(byte = 7) {
  return createSealer(Buffer.alloc(32, byte), seededRandom(byte))
}

const SILENT = { error() {}, warn() {}, info() {}, debug() {} }

/** Identity over a directory that is kept in a store; the same store may be given to several. */
export async function openStoredAuth(
  test: TestContext,
  given: { readonly store?: Store } & Partial<AuthOptions> = {},
) {
  const clock = createFakeClock()
  const store = given.store ?? createMemoryStore({ clock })
  const sealer = testSealer()
  if (given.store === undefined)
    await importDirectory({ store: store.directory, sealer, log: SILENT }, JSON.stringify(STORED_FILE))
  const fixture = await openAuth(test, { storedDirectory: { sealer }, ...given, clock, store })
  const { auth } = fixture
  const tokenOf = async (username: string) => (await signIn(auth, username, 'the-password')).access_token
  const tokenOfClient = async (id: string) => (await signInBackend(auth, id, STORED_SECRET)).access_token
  return { ...fixture, sealer, tokenOf, tokenOfClient }
}
