import type { Scene } from './scene.ts'

/** Tests by name: what is guaranteed → how it is tried. */
export type Cases = { readonly [guarantee: string]: (scene: Scene) => Promise<void> }
