import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Node, SourceFile } from 'typescript/unstable/ast'
import { API, type Checker, type Project } from 'typescript/unstable/sync'

/** The repository's root folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A source file as the compiler reads it. */
export type Source = {
  /** From the root, with forward slashes. */
  readonly path: string
  readonly ast: SourceFile
}

/** A project read by the compiler. Closing ends the compiler's process. */
export interface Sources extends Disposable {
  readonly files: readonly Source[]
  readonly checker: Checker
}

/** Every source of the repository but those that run in browsers only. */
export function openRepository(): Sources {
  return open(new API({ cwd: ROOT }), join(ROOT, 'tsconfig.json'))
}

/** The sources that run in browsers only: the console and the pages among the examples. */
export function openPages(): Sources {
  return open(new API({ cwd: ROOT }), join(ROOT, 'tsconfig.pages.json'))
}

/**
 * Files that exist only here, as if they stood in the repository: what a rule must find in them proves that
 * it looks.
 */
export function openPlanted(texts: Readonly<Record<string, string>>): Sources {
  const config = join(ROOT, 'tsconfig.planted.json')
  const planted = new Map(Object.entries(texts).map(([path, text]) => [join(ROOT, path), text]))
  const files = [...planted.keys()]
  planted.set(config, JSON.stringify({ extends: './tsconfig.json', include: [], files }))
  const fs = {
    readFile: (path: string) => planted.get(path),
    fileExists: (path: string) => (planted.has(path) ? true : undefined),
  }
  return open(new API({ cwd: ROOT, fs }), config, new Set(files))
}

function open(api: API, config: string, wanted?: ReadonlySet<string>): Sources {
  const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)
  if (project === undefined) throw new Error(`the compiler does not read ${config}`)
  return {
    files: readFiles(project, wanted),
    checker: project.checker,
    [Symbol.dispose]: () => api.close(),
  }
}

function readFiles({ program, rootFiles }: Project, wanted: ReadonlySet<string> | undefined): Source[] {
  return rootFiles
    .filter((file) => wanted?.has(file) ?? true)
    .map((file) => {
      const ast = program.getSourceFile(file)
      if (ast === undefined) throw new Error(`the compiler does not read ${file}`)
      return { path: relative(ROOT, file), ast }
    })
}

/** Every node of a file, parents first. */
export function* nodesOf(node: Node): Generator<Node> {
  const children: Node[] = []
  node.forEachChild((child) => void children.push(child))
  for (const child of children) {
    yield child
    yield* nodesOf(child)
  }
}

/** Where a node stands, for messages: `server/src/main.ts:12`. */
export function place({ path, ast }: Source, node: Node): string {
  return `${path}:${ast.getLineAndCharacterOfPosition(node.getStart(ast)).line + 1}`
}
