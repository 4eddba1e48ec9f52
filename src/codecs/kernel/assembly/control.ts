/** What a function has to say beside its status: where it stopped. */

/** Read by ../kernel.ts: u32 source offset, u32 target offset, u32 count. */
const CONTROL = memory.data(16)

export function controlOffset(): usize {
  return CONTROL
}

export function report(source: usize, target: usize, count: u32): void {
  store<u32>(CONTROL, <u32>source)
  store<u32>(CONTROL, <u32>target, 4)
  store<u32>(CONTROL, count, 8)
}
