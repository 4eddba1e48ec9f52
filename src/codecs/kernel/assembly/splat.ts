/**
 * A byte sixteen times. V8 makes a constant of 16 bytes anew wherever it is used, in three
 * instructions, even inside a loop; a load is one, and stays outside.
 */
const BLOCKS = memory.data(256 * 16, 16)
for (let byte: u32 = 0; byte < 256; byte++) {
  v128.store(BLOCKS + ((<usize>byte) << 4), i8x16.splat(<i8>byte))
}

export function splat(byte: u32): v128 {
  return v128.load(BLOCKS + ((<usize>byte) << 4))
}
