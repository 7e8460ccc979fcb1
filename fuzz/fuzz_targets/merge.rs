//! Bytes that a fuzzer makes, for the target `merge`. Must never hold anything but the call.

#![no_main]

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::merge(data));
