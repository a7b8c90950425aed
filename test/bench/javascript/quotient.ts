/** Stands in for the kernels' parts/quotient. */
export const quotient = (dividend: number, divisor: number): number => Math.floor(dividend / divisor)
