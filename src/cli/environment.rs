//! The process's environment; the only file that reads variables, folders and the terminal's input.
