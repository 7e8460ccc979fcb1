//! ADF and wiki markup to the neutral document and back. Pure.
