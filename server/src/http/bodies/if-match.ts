import { RollcallError } from '@rollcall/protocol/error-code'

/** The entity tag of a revision (RFC 9110 §8.8.3). */
export function entityTag(revision: number): string {
  return `"${revision}"`
}

/**
 * The revision that whoever changes something has seen, which is the present one or none (RFC 9110 §13.1.1). A weak tag is
 * never the same.
 *
 * @throws RollcallError `precondition_required`, `precondition_failed`
 */
export function seenRevision(header: string | undefined, current: number): number {
  if (header === undefined) throw new RollcallError('precondition_required')
  const tags = header.split(',').map((tag) => tag.trim())
  if (tags.includes('*') || tags.includes(entityTag(current))) return current
  throw new RollcallError('precondition_failed')
}
