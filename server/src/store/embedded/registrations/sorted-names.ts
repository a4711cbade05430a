/** Names in one run at most: what one new name may have to move. */
const RUN_MAX = 1_024

/** Names in the order of their code units, each once. Cheap to add to, however many there are. */
export class SortedNames {
  /** Each with a name at least, and all before those of the next one. */
  readonly #runs: string[][] = []

  add(name: string): void {
    const run = this.#runs[this.#runOf(name)]
    if (run === undefined) {
      this.#runs.push([name])
      return
    }
    const at = placeIn(run, name)
    if (run[at] === name) return
    run.splice(at, 0, name)
    if (run.length > RUN_MAX) this.#split(run)
  }

  delete(name: string): void {
    const index = this.#runOf(name)
    const run = this.#runs[index]
    if (run === undefined) return
    const at = placeIn(run, name)
    if (run[at] === name) run.splice(at, 1)
    if (run.length === 0) this.#runs.splice(index, 1)
  }

  /** From the first that is not before `name` on. Not to be changed meanwhile. */
  *from(name: string): Generator<string> {
    for (let index = this.#runOf(name); index < this.#runs.length; index++) {
      const run = this.#runs[index] ?? []
      for (let at = placeIn(run, name); at < run.length; at++) yield run[at] ?? ''
    }
  }

  /** The last run that begins no later than the name; the first, where none does. */
  #runOf(name: string): number {
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#runs[middle]?.[0] ?? '') <= name) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }

  #split(run: string[]): void {
    const second = run.splice(run.length >>> 1)
    this.#runs.splice(this.#runs.indexOf(run) + 1, 0, second)
  }
}

/** Where a name is in a run, or would be. */
function placeIn(run: readonly string[], name: string): number {
  let low = 0
  let high = run.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((run[middle] ?? '') < name) low = middle + 1
    else high = middle
  }
  return low
}
