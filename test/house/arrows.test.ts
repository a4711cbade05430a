import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complaint, isTest } from './arrows.ts'
import { type Import, importsOf } from './imports.ts'
import { openPages, openPlanted, openRepository, type Sources } from './sources.ts'

// Well below what there is: a reader that finds less has gone blind.
const MODULES_MIN = 150
const OWN_IMPORTS_MIN = 500
const CONSOLE_IMPORTS_MIN = 200

function allImports({ files }: Sources): Import[] {
  return files.flatMap((source) => importsOf(source))
}

function complaints(imports: readonly Import[]): string[] {
  return imports.flatMap((one) => {
    const found = complaint(one)
    return found === undefined ? [] : [`${one.place}: ${found}`]
  })
}

test('rooms are entered through their doors, and arrows point down', () => {
  using repository = openRepository()
  const imports = allImports(repository)
  const product = repository.files.filter(({ path }) => !isTest(path))
  const own = imports.filter(({ from, file }) => file !== undefined && !isTest(from))
  assert.ok(product.length >= MODULES_MIN, `read ${product.length} modules only`)
  assert.ok(own.length >= OWN_IMPORTS_MIN, `read ${own.length} imports of our own files only`)
  assert.deepEqual(complaints(imports), [])
})

test('pages know the SDK and the protocol, nothing of the server, and the console keeps its own arrows', () => {
  using pages = openPages()
  const imports = allImports(pages)
  assert.ok(imports.some(({ file }) => file === 'client/src/client.ts'))
  const inConsole = imports.filter(
    ({ from, file }) => from.startsWith('console/') && file?.startsWith('console/'),
  )
  assert.ok(
    inConsole.length >= CONSOLE_IMPORTS_MIN,
    `read ${inConsole.length} imports within the console only`,
  )
  assert.deepEqual(complaints(imports), [])
})

// `*` stands for a name of its own, so that one project holds them all.
const VIOLATIONS: readonly (readonly [path: string, text: string, expected: string])[] = [
  ['server/src/http/*.ts', `import { mqtt } from '../mqtt/mqtt.ts'`, 'no arrow http → mqtt'],
  ['server/src/mqtt/*.ts', `import type { A } from '../http/http.ts'`, 'no arrow mqtt → http'],
  ['server/src/registrar/*.ts', `import '../delivery/delivery.ts'`, 'no arrow registrar → delivery'],
  ['server/src/clock/*.ts', `import '../store/store.ts'`, 'no arrow clock → store'],
  [
    'server/src/http/*.ts',
    `export * from '../delivery/links.ts'`,
    'delivery is entered only through its door',
  ],
  [
    'server/src/http/*.ts',
    `type A = import('../auth/oauth/grants.ts').A`,
    'auth is entered only through its door',
  ],
  ['server/src/http/*.ts', `const a = await import('../server.ts')`, 'no arrow http → server'],
  [
    'server/src/http/*.ts',
    `import '../store/memory/memory.ts'`,
    'only server.ts names an engine (store/memory)',
  ],
  [
    'server/src/store/*.ts',
    `import './embedded/embedded.ts'`,
    'only server.ts names an engine (store/embedded)',
  ],
  [
    'server/src/store/embedded/*.ts',
    `import '../memory/memory.ts'`,
    'only server.ts names an engine (store/memory)',
  ],
  [
    'server/src/server.ts',
    `import './store/embedded/keys.ts'`,
    'store/embedded is entered only through its door',
  ],
  ['server/src/fronts.ts', `import './http/connections/door.ts'`, 'http is entered only through its door'],
  ['server/src/doors.ts', `import './mqtt/transport/starting.ts'`, 'mqtt is entered only through its door'],
  ['server/src/store/embedded/*.ts', `import '../../auth/auth.ts'`, 'no arrow store/embedded → auth'],
  [
    'server/src/http/*.ts',
    `import { a } from '../config/config.ts'`,
    'configuration is handed in: only its types may be imported here',
  ],
  ['server/src/http/*.ts', `import '../../../test/helpers/fake-clock.ts'`, 'the product imports a test'],
  [
    'server/src/mqtt/*.test.ts',
    `import '../http/routes/a.ts'`,
    'a test reaches another room (http) only through its door',
  ],
  [
    'server/src/attic/*.ts',
    `import '../auth/auth.ts'`,
    'server/src/attic is no room that test/house/arrows.ts knows',
  ],
  ['client/src/*.ts', `import '../../server/src/server.ts'`, 'client may not import server'],
  ['protocol/src/*.ts', `import '@rollcall/client/client'`, 'protocol may not import client'],
  ['console/src/*.ts', `import '../../server/src/server.ts'`, 'console may not import server'],
  [
    'console/src/pages/now/*.ts',
    `import type { A } from '../people/link.ts'`,
    'pages never import each other (pages/people)',
  ],
  ['console/src/ui/*.ts', `import '../pages/now/now.tsx'`, 'no arrow ui → pages/now in the console'],
  [
    'console/src/ui/*.ts',
    `import type { A } from '../session/scope.ts'`,
    'no arrow ui → session in the console',
  ],
  ['console/src/api/*.ts', `export * from '../ui/badge.tsx'`, 'no arrow api → ui in the console'],
  ['console/src/api/*.ts', `import '../pages/send/desk.ts'`, 'no arrow api → pages/send in the console'],
  ['console/src/session/*.ts', `import '../shell.tsx'`, 'no arrow session → shell in the console'],
  [
    'console/src/attic/*.ts',
    `import '../ui/badge.tsx'`,
    'attic is no part of the console that console-arrows.ts knows',
  ],
]

test('each planted violation is found', () => {
  const planted = VIOLATIONS.map(
    ([path, text], index) => [path.replace('*', `planted-${index}`), text] as const,
  )
  using sources = openPlanted(Object.fromEntries(planted))
  const found = new Map(sources.files.map((source) => [source.path, complaints(importsOf(source))]))
  for (const [index, [path = '', text]] of planted.entries())
    assert.deepEqual(found.get(path), [`${path}:1: ${VIOLATIONS[index]?.[2]}`], text)
})

test('what keeps the rules is not reported', () => {
  using planted = openPlanted({
    'server/src/http/a.ts': `import '../delivery/delivery.ts'; import './routes/a.ts'; import '@rollcall/protocol/limits'`,
    'server/src/server.ts': `import './store/embedded/embedded.ts'; import './http/http.ts'; import './config/config.ts'`,
    'server/src/doors.ts': `import './http/connections/door.ts'`,
    'server/src/mqtt-ports.ts': `import './mqtt/transport/starting.ts'`,
    'server/src/store/embedded/a.ts': `import '../store.ts'; import '../bounds.ts'; import './keys.ts'`,
    'server/src/delivery/a.ts': `import type { Configuration } from '../config/config.ts'`,
    'server/src/delivery/a.test.ts': `import '../store/memory/memory.ts'; import './links.ts'`,
    'server/src/store/embedded/a.test.ts': `import '../contract.ts'; import '../memory/memory.ts'`,
    'test/e2e/a.test.ts': `import '../../server/src/server.ts'; import '../helpers/fake-clock.ts'`,
    'client/src/a.ts': `import '@rollcall/protocol/event'; import 'ws'`,
    'console/src/pages/now/a.ts': `import './b.ts'; import '../../session/scope.ts'; import '../../routes.ts'`,
    'console/src/pages/now/a.test.ts': `import '../../api/api.ts'; import './a.ts'`,
    'console/src/ui/a.ts': `import type { A } from '../api/problem.ts'; import '@rollcall/client'`,
  })
  assert.deepEqual(complaints(allImports(planted)), [])
})

test('a computed import is refused', () => {
  using planted = openPlanted({ 'server/src/http/a.ts': 'const a = await import(process.title)' })
  assert.throws(() => allImports(planted), /computed path/)
})
