import { posix } from 'node:path'
import {
  isCallExpression,
  isImportDeclaration,
  isStringLiteral,
  type Node,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { nodesOf, place, type Source } from './sources.ts'

/** One import, whatever its form: static, type-only, `export … from`, dynamic, `import('…').Type`. */
export type Import = {
  /** Path from the root of the importing file. */
  readonly from: string
  /** For messages. */
  readonly place: string
  /** Path from the root, where the target is a file of ours. */
  readonly file: string | undefined
  /** Name of the package, where it is not: `ws`, `@fastify/cors`, `node:fs`. */
  readonly library: string | undefined
  /** Whether it vanishes when compiled. */
  readonly isTypeOnly: boolean
}

/** Every import of a file. A dynamic import whose target is computed cannot be judged, and throws. */
export function importsOf(source: Source): Import[] {
  for (const node of nodesOf(source.ast)) refuseComputedImport(source, node)
  return source.ast.imports.map((literal) => {
    if (!isStringLiteral(literal)) throw new Error(`${place(source, literal)}: cannot read this import`)
    return {
      from: source.path,
      place: place(source, literal),
      ...target(source.path, literal.text),
      isTypeOnly: isTypeOnly(literal.parent),
    }
  })
}

function refuseComputedImport(source: Source, node: Node): void {
  // These enter the build, which need not be there when the sources are read.
  if (/^(scripts\/(start|bench|rollcall)\.mjs|bench\/src\/load\/filler\.ts)$/.test(source.path)) return
  if (!isCallExpression(node) || node.expression.kind !== SyntaxKind.ImportKeyword) return
  const [argument] = node.arguments
  if (argument === undefined || !isStringLiteral(argument))
    throw new Error(`${place(source, node)}: an import() of a computed path cannot be checked`)
}

function isTypeOnly(statement: Node): boolean {
  if (statement.kind === SyntaxKind.LiteralType || statement.kind === SyntaxKind.ImportType) return true
  if (statement.kind === SyntaxKind.ExportDeclaration) return statement.getText().startsWith('export type ')
  return isImportDeclaration(statement) && statement.importClause?.phaseModifier === SyntaxKind.TypeKeyword
}

/** The door of a package may be named by the package alone. */
const WORKSPACE = /^@rollcall\/(\w+)(?:\/(.+))?$/

function target(from: string, specifier: string): Pick<Import, 'file' | 'library'> {
  if (specifier.startsWith('.'))
    return { file: posix.join(posix.dirname(from), specifier), library: undefined }
  const [, workspace = '', path = workspace] = WORKSPACE.exec(specifier) ?? []
  if (workspace !== '') return { file: workspaceFile(workspace, path), library: undefined }
  const [scope = '', name = ''] = specifier.split('/')
  const library = scope.startsWith('@') ? `${scope}/${name}` : scope
  return { file: undefined, library }
}

/** What the `exports` of the workspace's own packages say: `@rollcall/protocol/limits` is a source file. */
function workspaceFile(workspace: string, path: string): string {
  return posix.extname(path) === '' ? `${workspace}/src/${path}.ts` : `${workspace}/${path}`
}
