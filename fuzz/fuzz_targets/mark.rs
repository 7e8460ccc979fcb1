//! Bytes that a fuzzer makes, for the target `mark`. Must never hold anything but the call.

#![no_main]

#[path = "../outside.rs"]
mod outside;

libfuzzer_sys::fuzz_target!(|data: &[u8]| outside::mark(data));
