//! Bytes that a fuzzer makes, for the target `granted`. Must never hold anything but the call.

#![no_main]

#[path = "../doors.rs"]
mod doors;

libfuzzer_sys::fuzz_target!(|data: &[u8]| doors::granted(data));
