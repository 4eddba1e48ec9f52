/** Copies that are quick for the few hundred bytes of a record. */

/**
 * Copies in steps of 16 bytes: up to 15 bytes behind both ends are touched as well. The two may
 * overlap if the target comes first.
 */
export function copy(target: usize, source: usize, length: usize): void {
  if (length > 1024) {
    memory.copy(target, source, length)
    return
  }
  for (let done: usize = 0; done < length; done += 16) {
    v128.store(target + done, v128.load(source + done))
  }
}

export function isSame(one: usize, other: usize, length: usize): bool {
  let done: usize = 0
  for (; done + 8 <= length; done += 8) {
    if (load<u64>(one + done) != load<u64>(other + done)) return false
  }
  for (; done < length; done++) {
    if (load<u8>(one + done) != load<u8>(other + done)) return false
  }
  return true
}
