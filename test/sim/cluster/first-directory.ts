import { importDirectory } from '../../../server/src/auth/auth.ts'
import { createSealer } from '../../../server/src/masks/masks.ts'
import type { Store } from '../../../server/src/store/store.ts'
import { seededRandom } from '../../helpers/fake-clock.ts'

const silent = () => undefined
const SILENT = { error: silent, warn: silent, info: silent, debug: silent }
/** Of no password that anybody knows. */
const PASSWORD_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$13DsYDVOu2rDtLY6ijHV0w$y7j56EjuAEbXQo61BMdNEVBvtztflvZAeTU0KnrhHxA'

const DIRECTORY = {
  organizations: [{ id: 'acme' }, { id: 'globex' }],
  users: [user('alice', 'ROLE_USER'), user('dora', 'as-before')],
  clients: [
    { id: 'customer', public: true, grants: ['password', 'refresh_token'] },
    { id: 'kiosk', public: true, grants: ['password'], authorities: ['as-before'] },
  ],
}

function user(username: string, authority: string) {
  return { username, passwordHash: PASSWORD_HASH, organizationId: 'acme', authorities: [authority] }
}

export const directorySealer = () => createSealer(Buffer.alloc(32, 9), seededRandom('directory'))

/** Before any process is there. */
export function writeFirstDirectory({ directory: store }: Pick<Store, 'directory'>): Promise<unknown> {
  return importDirectory({ store, sealer: directorySealer(), log: SILENT }, JSON.stringify(DIRECTORY))
}
