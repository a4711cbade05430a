import type { Random } from '../../clock/clock.ts'
import type { Directory } from './directory.ts'
import { parseDirectory } from './directory-file.ts'
import { hashRandomSecret, hashSecret } from './hash-secret.ts'

/**
 * Used only where no directory file is configured, and then the server listens on loopback only: everybody
 * knows these secrets. Passwords: `alice-password`, `bob-password`, `carol-password`, and `olivia-password` of
 * the administrator. Client secrets: `acme-secret`, `globex-secret`, `service-secret`. They are kept hashed, so
 * that the demo takes the same paths as a real directory; hashed beforehand, so that it starts as quickly.
 */
const DEMO = {
  organizations: [
    { id: 'acme', name: 'Acme' },
    { id: 'globex', name: 'Globex' },
  ],
  users: [
    {
      username: 'alice',
      passwordHash:
        '$argon2id$v=19$m=19456,t=2,p=1$AFxlmkuz/YzuZraTLZnfuA$SwIYAAg3wVQFH7QHG7zHG5lOPXRrZlgmi+JWeks4Rq4',
      organizationId: 'acme',
      authorities: ['ROLE_USER'],
    },
    {
      username: 'bob',
      passwordHash:
        '$argon2id$v=19$m=19456,t=2,p=1$AQYyeKpVF9hpreB5hfy6SA$hCi9rdSQnJctVo32AeFSXBOWclrHJJUlUu254jQDRFY',
      organizationId: 'acme',
      authorities: ['ROLE_USER'],
    },
    {
      username: 'carol',
      passwordHash:
        '$argon2id$v=19$m=19456,t=2,p=1$JndVgGp4ljSMsAJ2kYnXiA$zJPbpFU6FKwbhWxuknkVSovA7AONeOFflh0MRh0sH7U',
      organizationId: 'globex',
      authorities: ['ROLE_USER'],
    },
    {
      username: 'olivia',
      passwordHash:
        '$argon2id$v=19$m=19456,t=2,p=1$ZFohE0ySdASqxVTRaIRiYw$vwfMp0s6DezOh/Kj+QD9Vfw/JBo5vDy1bKlTEkIxLBo',
      organizationId: 'acme',
      authorities: ['ROLE_USER', 'ROLE_ORGANIZATION_ADMIN'],
    },
  ],
  clients: [
    {
      id: 'acme-backend',
      secretHash: 'sha256$MHxgn4faQ8PVY0KKT379-YV_SHH9EEZXMsSrEamFoIw',
      organizationId: 'acme',
      grants: ['client_credentials'],
    },
    {
      id: 'globex-backend',
      secretHash: 'sha256$T-auG9OX1osUn4qGBp9eaAapN9fQsvMYMMSACLJovaA',
      organizationId: 'globex',
      grants: ['client_credentials'],
    },
    {
      id: 'platform-service',
      secretHash: 'sha256$L1t4OWrcO2yz2cX_al5Cjh9TyvaebkDjyqkVXImPVq4',
      authorities: ['ROLE_SERVICE'],
      grants: ['client_credentials'],
    },
    { id: 'customer', public: true, grants: ['password', 'refresh_token'] },
  ],
}

/** The directory of the demo: two organizations, four users, four clients. */
export function demoDirectory(): Directory {
  return parseDirectory(JSON.stringify(DEMO))
}

/** A secret of somebody in the directory, in clear. */
export type ShownSecret = { readonly name: string; readonly secret: string }

/** 192 bits: nobody guesses one, and 32 characters can be copied by hand. */
const SECRET_BYTES = 24

/** The same people and backends with secrets that nobody knows: the file, which has their hashes, and what they are. */
export async function demoWithRandomSecrets(
  random: Pick<Random, 'bytes'>,
): Promise<{ readonly text: string; readonly secrets: readonly ShownSecret[] }> {
  const secrets: ShownSecret[] = []
  const make = (name: string): string => {
    const secret = random.bytes(SECRET_BYTES).toString('base64url')
    secrets.push({ name, secret })
    return secret
  }
  const users = []
  for (const user of DEMO.users) users.push({ ...user, passwordHash: await hashSecret(make(user.username)) })
  const clients = DEMO.clients.map((client) =>
    'public' in client ? client : { ...client, secretHash: hashRandomSecret(make(client.id)) },
  )
  return { text: `${JSON.stringify({ ...DEMO, users, clients }, null, 2)}\n`, secrets }
}
