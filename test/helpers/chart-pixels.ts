import type { Page } from 'playwright-core'

/** A filled piece of a chart: its colour, as `r,g,b,a`, and how many pixels wide it is. */
export type Piece = { readonly colour: string; readonly widthPx: number }

/**
 * The filled pieces of the first chart of the page, from left to right, by the pixels of the row above its ground:
 * between them are gaps. In text, as the tests know no DOM.
 */
const PIECES = `(() => {
  const canvas = document.querySelector('.chart-place canvas')
  if (canvas === null || canvas.clientWidth === 0) return []
  const ratio = canvas.width / canvas.clientWidth
  const [left, right, row] = [56 * ratio, canvas.width - 18 * ratio, 145 * ratio]
  const { data } = canvas.getContext('2d').getImageData(left, row, right - left, 1)
  const pieces = []
  let isInside = false
  for (let at = 0; at < data.length; at += 4) {
    const isFilled = data[at + 3] > 0
    if (isFilled && !isInside) pieces.push([])
    if (isFilled) pieces.at(-1).push(data.slice(at, at + 4).join())
    isInside = isFilled
  }
  const commonest = (all) =>
    all.reduce((best, one, _, them) => {
      const times = (colour) => them.filter((other) => other === colour).length
      return times(one) > times(best) ? one : best
    })
  return pieces.map((pixels) => ({ colour: commonest(pixels), widthPx: pixels.length }))
})()`

export function chartPieces(page: Page): Promise<readonly Piece[]> {
  return page.evaluate<readonly Piece[]>(PIECES)
}

const SHARPNESS = `(() => {
  const places = [...document.querySelectorAll('.chart-place')]
  const canvases = places.map((place) => place.querySelector('canvas'))
  const fits = places.every((place, index) => canvases[index]?.clientWidth === place.clientWidth)
  return fits && canvases.length > 0 ? canvases[0].width / canvases[0].clientWidth : 0
})()`

/** Pixels drawn for each pixel of the style sheet; 0 where a chart is not as wide as its place. */
export function chartSharpness(page: Page): Promise<number> {
  return page.evaluate<number>(SHARPNESS)
}
