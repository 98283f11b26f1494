//! Who gets what: pure decisions over index structures (routing.md).
