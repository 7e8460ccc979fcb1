//! Merging of sets and documents. Pure. Must never drop what one side added and the other did not touch.

mod block;
pub mod document;
pub mod set;
