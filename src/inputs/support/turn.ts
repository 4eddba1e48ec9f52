/** Waits for the event loop to go round, so that all that the kernel has ready is seen. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
