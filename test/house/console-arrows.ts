/**
 * From the top: a folder of console/src may import from the lines below its own. Files that stand in no folder are
 * lines by their own names.
 */
const LINES: readonly (readonly string[])[] = [
  ['main'],
  ['console'],
  ['shell', 'pages'],
  ['session'],
  ['outcome', 'cluster'],
  ['ui'],
  ['api'],
  ['format', 'routes', 'styles'],
  ['query'],
]

/** What is wrong with an import between two files of the console; `undefined` where it keeps the rules. */
export function complaintInConsole(from: string, file: string): string | undefined {
  const [here, there] = [partOf(from), partOf(file)]
  if (here === there) return undefined
  if (here.startsWith('pages/') && there.startsWith('pages/'))
    return `pages never import each other (${there})`
  const unknown = [here, there].find((part) => lineOf(part) === -1)
  if (unknown !== undefined) return `${unknown} is no part of the console that console-arrows.ts knows`
  return lineOf(there) > lineOf(here) ? undefined : `no arrow ${here} → ${there} in the console`
}

function lineOf(part: string): number {
  return LINES.findIndex((parts) => parts.includes(part.split('/', 1).join()))
}

/** `pages/now`, `ui`, `shell`: a page, a folder, or a file that stands outside every folder. */
function partOf(path: string): string {
  const [first = '', ...rest] = path.replace(/^console\/src\//, '').split('/')
  if (rest.length === 0) return first.replace(/\.tsx?$/, '')
  return first === 'pages' && rest.length > 1 ? `pages/${rest[0]}` : first
}
