//! The words of the domain as types: ids, values, documents, issues, settings, journal, and the traits that layers meet at. Pure.

pub mod acts;
pub mod away;
pub mod catalog;
pub mod command;
pub mod configuration;
pub mod document;
pub mod ends;
pub mod fingerprint;
pub mod hooks;
pub mod hub;
pub mod ids;
pub mod issue;
pub mod key;
pub mod level;
pub mod matching;
pub mod operation;
pub mod problem;
pub mod remark;
pub mod scope;
pub mod secret;
pub mod settings;
pub mod start;
pub mod store;
pub mod things;
pub mod value;
pub mod whose;
