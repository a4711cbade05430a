/** Whether any value is a string of asterisks only, as masks leave it. Such a one may also have been sent so. Pure. */
export function hasMasked(value: unknown): boolean {
  if (typeof value === 'string') return /^\*+$/.test(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(hasMasked)
}
