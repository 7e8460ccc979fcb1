//! The configuration file, raw and checked. Nothing unchecked may leave this folder.
