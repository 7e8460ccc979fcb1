//! argv -> exit code, nothing else.

fn main() -> std::process::ExitCode {
    jirasyncd::cli::main()
}
