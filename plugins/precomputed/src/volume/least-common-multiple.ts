const greatestCommonDivisor = (left: number, right: number): number =>
  right === 0 ? left : greatestCommonDivisor(right, left % right)

/** The smallest number that both numbers divide: of two block sizes, the step at which their grids meet. */
export const leastCommonMultiple = (left: number, right: number): number =>
  (left / greatestCommonDivisor(left, right)) * right
