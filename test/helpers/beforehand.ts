/**
 * Runs what is made of hundreds of thousands of promises before the first test of a file is named: from then on Node's
 * runner follows each of them, and half as much is added to the time of all (docs/adr/0065). The test that this is for
 * calls what it gives, which returns the result or throws what was thrown.
 */
export async function beforehand<T>(run: () => Promise<T>): Promise<() => T> {
  try {
    const result = await run()
    return () => result
  } catch (error) {
    return () => {
      throw error
    }
  }
}
