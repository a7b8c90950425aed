/** Stands in for the kernels' parts/numbers. */
export const single = Math.fround
export const multiply = Math.imul
