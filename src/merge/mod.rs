//! Merging of scalars, sets and documents. Pure.
