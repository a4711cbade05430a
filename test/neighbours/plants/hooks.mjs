/** @type {readonly import('../plants.ts').Plant[]} */
let plants = []

/** @type {import('node:module').InitializeHook<typeof plants>} */
export function initialize(given) {
  plants = given
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context)
  const own = plants.filter(({ file }) => url.endsWith(`/server/dist/${file}`))
  if (own.length === 0) return loaded
  const source = own.reduce((text, { find, put }) => text.replace(find, () => put), String(loaded.source))
  return { ...loaded, source }
}
