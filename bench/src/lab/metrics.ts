import type { Server } from './server.ts'

/** What the server's `/metrics` said at one moment. */
export class Metrics {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  static async read(server: Pick<Server, 'text'>): Promise<Metrics> {
    return new Metrics(await server.text('/metrics'))
  }

  /** @param series a name, with its labels where it has any; 0 where there is no such series yet */
  value(series: string): number {
    const line = this.#text.split('\n').find((text) => text.startsWith(`${series} `))
    return line === undefined ? 0 : Number(line.slice(series.length + 1))
  }

  /** Upper bound of the histogram's bucket that the quantile is in. */
  quantile(histogram: string, quantile: number): number {
    const rank = quantile * this.value(`${histogram}_count`)
    const prefix = `${histogram}_bucket{le="`
    const buckets = this.#text.split('\n').filter((text) => text.startsWith(prefix))
    const found = buckets.find((text) => Number(text.slice(text.lastIndexOf(' ') + 1)) >= rank)
    const [bound = ''] = found?.slice(prefix.length).split('"') ?? []
    return bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound)
  }
}
