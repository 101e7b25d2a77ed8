// Exports the building blocks of pages.
export * from './format'
export * from './icons'
export * from './keys'
export * from './list'
export * from './parts'
export * from './separator'
