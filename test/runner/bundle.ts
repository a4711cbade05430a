import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type BuildOptions, build, type Loader, type Plugin } from 'esbuild'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const LOADERS: Readonly<Record<string, Loader>> = { '.ts': 'ts', '.tsx': 'tsx', '.mjs': 'js' }

const HOW = {
  absWorkingDir: ROOT,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  conditions: ['source'],
  // As tsx does it: what is called by name in a message has its own.
  keepNames: true,
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'error',
} satisfies BuildOptions

/**
 * Makes of each test file one JavaScript file and what it shares with others, so that its process need not ask a
 * loader about each of a thousand sources. A source knows itself by its own address still, and errors name its lines.
 *
 * @param places where in `folder` each is to be: a name, and behind it the path from the root
 * @param folder from the root, and inside it, since libraries are looked for from there
 */
async function bundleTests(places: readonly string[], folder: string): Promise<void> {
  const entryPoints = places.map((place) => ({
    in: place.slice(place.indexOf('/') + 1),
    out: place.replace(/\.ts$/, ''),
  }))
  const plugins = [librariesStay, sourcesKnowThemselves((path) => path)]
  await build({ ...HOW, entryPoints, outdir: folder, plugins })
}

/**
 * The server as the build has it, in a few files in place of six hundred: tests start hundreds of them. For what lies
 * beside it, a source takes itself for what was built of it.
 *
 * @param folder from the root, and inside it
 */
async function bundleServer(folder: string): Promise<void> {
  const built = (path: string): string => path.replace(/\/src\/(.*)\.ts$/, '/dist/$1.js')
  const plugins = [librariesStay, sourcesKnowThemselves(built)]
  await build({ ...HOW, entryPoints: ['server/src/main.ts'], outdir: folder, outbase: 'server/src', plugins })
}

/** Libraries are loaded as users load them. */
const librariesStay: Plugin = {
  name: 'libraries stay',
  setup(context) {
    context.onResolve({ filter: /^[^./]/ }, ({ kind, path, resolveDir }) => {
      if (kind === 'entry-point' || path.startsWith('@rollcall/')) return undefined
      if (!path.startsWith('node:')) refuseNested(path, resolveDir)
      return { path, external: true }
    })
  },
}

/** A package that is installed for one workspace alone would not be found from the folder of the bundles. */
function refuseNested(path: string, from: string): void {
  const steps = path.split('/').slice(0, path.startsWith('@') ? 2 : 1)
  for (let folder = from; folder.startsWith(ROOT); folder = dirname(folder)) {
    const nested = join(folder, 'node_modules', ...steps)
    if (existsSync(nested)) throw new Error(`${nested}: bundled tests find packages at the root only`)
  }
}

/** @param seenAs the path by which a source is to know itself */
function sourcesKnowThemselves(seenAs: (path: string) => string): Plugin {
  return {
    name: 'sources know themselves',
    setup(context) {
      context.onLoad({ filter: /\.(?:tsx?|mjs)$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8')
        const address = JSON.stringify(pathToFileURL(seenAs(path)).href)
        return {
          contents: text.replaceAll('import.meta.url', address),
          loader: LOADERS[extname(path)] ?? 'default',
        }
      })
    },
  }
}

const [folder = '', what = '', ...places] = process.argv.slice(2)
await Promise.all([
  bundleTests(places, folder),
  what === 'with-server' && bundleServer(`${folder}/server-process`),
])
