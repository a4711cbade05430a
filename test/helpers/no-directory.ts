import { RollcallError } from '@rollcall/protocol/error-code'
import type { DirectoryAdmin } from '../../server/src/auth/auth.ts'

/** A directory that has nothing in it and cannot be changed. */
export function noDirectory(): DirectoryAdmin {
  const refuse = () => {
    throw new RollcallError('directory_conflict')
  }
  const refuseLater = async () => refuse()
  return {
    isWritable: false,
    requireWritable: refuse,
    list: () => [],
    authorities: () => [],
    find: () => {
      throw new RollcallError('not_found')
    },
    add: refuseLater,
    change: refuseLater,
    remove: refuseLater,
    rotateSecret: refuseLater,
    removeFormerSecret: refuseLater,
  }
}
