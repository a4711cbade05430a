import type { Import } from './imports.ts'

/**
 * Circles of imports, each as the files on its way round, the first again at its end. Types count: whoever wants to
 * understand a file of a circle has to read all of it.
 *
 * Of files that are entangled in many circles, one is told; where it is cut the next shows itself.
 */
export function circlesIn(imports: readonly Import[]): string[][] {
  const targets = targetsOf(imports)
  const circles: string[][] = []
  const done = new Set<string>()
  for (const start of [...targets.keys()].sort()) walk(start, targets, [], done, circles)
  return circles
}

function targetsOf(imports: readonly Import[]): ReadonlyMap<string, ReadonlySet<string>> {
  const targets = new Map<string, Set<string>>()
  for (const { from, file } of imports) {
    const known = targets.get(from) ?? new Set()
    targets.set(from, known)
    if (file !== undefined) known.add(file)
  }
  return targets
}

/** Goes on from `file`, where `path` has led; each file is gone on from once. */
function walk(
  file: string,
  targets: ReadonlyMap<string, ReadonlySet<string>>,
  path: readonly string[],
  done: Set<string>,
  circles: string[][],
): void {
  const before = path.indexOf(file)
  if (before !== -1) circles.push([...path.slice(before), file])
  if (before !== -1 || done.has(file)) return
  for (const target of targets.get(file) ?? []) walk(target, targets, [...path, file], done, circles)
  done.add(file)
}
