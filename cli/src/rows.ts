/** One object of a list that the API has answered. */
export type Row = { readonly [name: string]: unknown }

/** @throws Error where there is no such list: what answered is not this API */
export function rowsIn(answer: unknown, name: string): readonly Row[] {
  const list: unknown = isRow(answer) ? answer[name] : undefined
  if (Array.isArray(list) && list.every(isRow)) return list
  throw new Error(`The answer is not what the contract says: there is no list of ${name}.`)
}

export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
