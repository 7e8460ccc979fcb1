//! The words of the domain as types: ids, values, documents, issues, settings, journal, and the traits that layers meet at. Pure.
