//! The command `pgkeep`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
