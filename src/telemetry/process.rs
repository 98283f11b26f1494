//! The process as the kernel sees it, by the names every Prometheus dashboard knows. Elsewhere than on Linux: nothing.

use std::{fmt::Write, fs};

/// Clock ticks per second in `/proc`: fixed in the kernel's interface on every platform we ship for.
const TICKS: f64 = 100.0;

/// Adds what can be read now.
pub(super) fn render(text: &mut String) {
    let rows = [
        ("process_resident_memory_bytes", "gauge", "Bytes of memory in use.", resident_bytes()),
        ("process_cpu_seconds_total", "counter", "Seconds of processor time used.", cpu_seconds()),
        ("process_open_fds", "gauge", "Open files and sockets.", open_files()),
        ("process_max_fds", "gauge", "Open files and sockets allowed.", max_files()),
        ("process_start_time_seconds", "gauge", "When the process started, seconds since 1970.", start_seconds()),
    ];
    for (name, kind, help, value) in rows {
        if let Some(value) = value {
            // Writing to a string does not fail.
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n\n");
        }
    }
}

fn resident_bytes() -> Option<f64> {
    let kibibytes = field("/proc/self/status", "VmRSS:")?;
    Some(kibibytes * 1024.0)
}

fn cpu_seconds() -> Option<f64> {
    let [user, system, _] = stat()?;
    Some((user + system) / TICKS)
}

fn start_seconds() -> Option<f64> {
    let [_, _, after_boot] = stat()?;
    Some(field("/proc/stat", "btime")? + after_boot / TICKS)
}

fn open_files() -> Option<f64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    // Not the directory just opened to count.
    Some(count.saturating_sub(1) as f64)
}

fn max_files() -> Option<f64> {
    field("/proc/self/limits", "Max open files")
}

/// The first number of the line that begins with `name`.
fn field(path: &str, name: &str) -> Option<f64> {
    let text = fs::read_to_string(path).ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Ticks in user mode, ticks in the kernel, and ticks from boot to start: fields 14, 15 and 22 of proc_pid_stat(5).
fn stat() -> Option<[f64; 3]> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
    let (_, after_name) = text.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let number = |nth: usize| fields.get(nth - 3)?.parse().ok();
    Some([number(14)?, number(15)?, number(22)?])
}
