/** A binary heap: the least item comes first. */
export interface Heap<T> {
  push(item: T): void
  pop(): T | undefined
}

export function createHeap<T>(compare: (left: T, right: T) => number): Heap<T> {
  const items: T[] = []
  const swap = (left: number, right: number): void => {
    const item = items[left]!
    items[left] = items[right]!
    items[right] = item
  }
  const isLess = (left: number, right: number): boolean => compare(items[left]!, items[right]!) < 0
  return {
    push(item) {
      let at = items.push(item) - 1
      for (let above = (at - 1) >> 1; at > 0 && isLess(at, above); above = (at - 1) >> 1) {
        swap(at, above)
        at = above
      }
    },
    pop() {
      if (items.length === 0) return undefined
      swap(0, items.length - 1)
      const first = items.pop()
      for (let at = 0; ; ) {
        const child = 2 * at + 1
        if (child >= items.length) return first
        const least = child + 1 < items.length && isLess(child + 1, child) ? child + 1 : child
        if (!isLess(least, at)) return first
        swap(at, least)
        at = least
      }
    },
  }
}
