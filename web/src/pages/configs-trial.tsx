import type { Bench } from './configs-bench'
export const Trial = (_: { bench: Bench }) => null
