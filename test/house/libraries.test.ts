import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTest } from './arrows.ts'
import { type Import, importsOf } from './imports.ts'
import { openPlanted, openRepository, type Sources } from './sources.ts'

/** Where each library of the server may be named. Anything that is not here may be named nowhere. */
const ROOMS_OF: ReadonlyMap<string, readonly string[]> = new Map([
  ['fastify', ['http']],
  ['@fastify/helmet', ['http']],
  ['@fastify/static', ['http']],
  ['@fastify/swagger', ['http']],
  ['@fastify/swagger-ui', ['http']],
  ['@fastify/type-provider-typebox', ['http']],
  ['typebox', ['http']],
  ['mqtt-packet', ['mqtt']],
  ['jose', ['auth']],
  ['@node-rs/argon2', ['auth']],
  ['openid-client', ['auth/oidc']],
  ['lmdb', ['store/embedded/lmdb']],
  ['fs-native-extensions', ['store/embedded']],
  ['ioredis', ['store/redis']],
  ['re2js', ['masks']],
  ['web-push', ['webhooks']],
  ['prom-client', ['observe']],
  ['pino', ['observe']],
  ['uuid', ['clock']],
  // Node's own that measure or make time.
  ['node:timers', ['clock']],
  ['node:perf_hooks', ['clock', 'observe']],
])

function complaint({ from, library, place }: Import): string[] {
  if (library === undefined || isTest(from)) return []
  if (/^(protocol|client)\//.test(from)) return [`${place}: runs in browsers too and depends on no library`]
  if (from.startsWith('scripts/') && !library.startsWith('node:'))
    return [`${place}: runs before anything is installed`]
  if (!from.startsWith('server/src/')) return []
  const rooms = ROOMS_OF.get(library)
  if (rooms === undefined && library.startsWith('node:')) return []
  if (rooms?.some((room) => from.startsWith(`server/src/${room}/`))) return []
  return [`${place}: ${library} belongs to ${rooms?.join(', ') || 'no room'}`]
}

function complaints({ files }: Sources): string[] {
  return files.flatMap((source) => importsOf(source)).flatMap(complaint)
}

test('a library is named only in its room', () => {
  using repository = openRepository()
  assert.deepEqual(complaints(repository), [])
})

test('planted violations are found', () => {
  using planted = openPlanted({
    'server/src/http/a.ts': `import { WebSocketServer } from 'ws'`,
    'server/src/store/a.ts': `import type { RootDatabase } from 'lmdb'`,
    'server/src/http/b.ts': `import lodash from 'lodash/fp'`,
    'server/src/auth/a.ts': `import { setTimeout } from 'node:timers/promises'`,
    'protocol/src/a.ts': `import 'node:fs'`,
    'server/src/http/c.ts': `import 'fastify'; import 'node:fs'`,
    'scripts/a.mjs': `import 'tsx'; import 'node:fs'`,
    'server/src/mqtt/a.test.ts': `import 'mqtt'`,
  })
  assert.deepEqual(complaints(planted), [
    'server/src/http/a.ts:1: ws belongs to no room',
    'server/src/store/a.ts:1: lmdb belongs to store/embedded/lmdb',
    'server/src/http/b.ts:1: lodash belongs to no room',
    'server/src/auth/a.ts:1: node:timers belongs to clock',
    'protocol/src/a.ts:1: runs in browsers too and depends on no library',
    'scripts/a.mjs:1: runs before anything is installed',
  ])
})
