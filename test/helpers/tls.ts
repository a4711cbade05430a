import { fileURLToPath } from 'node:url'

/** One of the test certificates or keys, as a file: `first.cert`. */
export function certificateFile(name: string): string {
  return fileURLToPath(new URL(`certificates/${name}.pem`, import.meta.url))
}
