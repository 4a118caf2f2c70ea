//! Everything that needs more than one module, a server or a folder: one binary.

mod repository;
