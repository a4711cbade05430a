// The package has no types of its own. This is what we use of it.
declare module 'fs-native-extensions' {
  /** Locks a file for the life of its descriptor; whether that was possible. The kernel ends it with the process. */
  export function tryLock(handle: number): boolean
}
