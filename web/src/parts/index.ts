// What pages are made of, in one place to be taken from.
export * from './format'
export * from './icons'
export * from './keys'
export * from './list'
export * from './parts'
export * from './separator'
