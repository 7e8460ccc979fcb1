//! A side's own words to the sync's shared vocabulary and back. Pure.
