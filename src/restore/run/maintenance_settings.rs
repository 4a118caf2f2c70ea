//! Memory and workers for building indexes and checking keys, by what the server allows. Any role may set both for
//! itself.
//!
//! A server does not tell how much memory its machine has. Whoever set `shared_buffers` knew, and custom and manual put
//! it at a quarter of the machine: all jobs of a restore together take as much once more and no more than that. One
//! build takes at most 1 GiB, above which sorting gains little. What the server gives anyway is never made less: the
//! default of 128 MB of buffers changes nothing.

use crate::error::Result;
use crate::pg::Session;

/// Most memory of one build, in KiB.
const BUILD_KIB_MAX: u64 = 1 << 20;

/// Most workers beside the one that builds; the server starts fewer for small tables or little memory.
const WORKERS_MAX: u64 = 4;

/// What a server has, sizes in KiB.
#[derive(Clone, Copy, Debug)]
struct Resources {
    buffers: u64,
    memory: u64,
    workers: u64,
    workers_of_all: u64,
}

/// `SET LOCAL ..` for sessions of which `jobs` work side by side, each with a semicolon and a space before it.
pub(crate) async fn settings(session: &mut Session, jobs: usize) -> Result<String> {
    let rows = session
        .query(include_str!("maintenance_settings.sql"))
        .await
        .map_err(|e| e.while_doing("look at the server"))?;
    let row = rows.one()?;
    let resources = Resources {
        buffers: row.number("buffers")?,
        memory: row.number("memory")?,
        workers: row.number("workers")?,
        workers_of_all: row.number("workers_of_all")?,
    };
    let (memory, workers) = resources.of_each(jobs as u64);
    Ok(format!(
        " SET LOCAL maintenance_work_mem = '{memory}kB'; SET LOCAL max_parallel_maintenance_workers = {workers};"
    ))
}

impl Resources {
    /// Memory and workers of each of so many jobs.
    fn of_each(self, jobs: u64) -> (u64, u64) {
        let jobs = jobs.max(1);
        let memory = self.memory.max((self.buffers / jobs).min(BUILD_KIB_MAX));
        // Whoever wants none has switched them off.
        let share = (self.workers_of_all / jobs).min(WORKERS_MAX);
        let workers = if self.workers == 0 { 0 } else { self.workers.max(share) };
        (memory, workers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_share_what_the_server_has() {
        let of = |buffers_mib: u64, memory_mib: u64, workers, jobs| {
            let buffers = buffers_mib << 10;
            let all = Resources { buffers, memory: memory_mib << 10, workers, workers_of_all: 8 };
            let (memory, workers) = all.of_each(jobs);
            (memory >> 10, workers)
        };
        assert_eq!(of(128, 64, 2, 4), (64, 2), "the defaults stay");
        assert_eq!(of(2048, 64, 2, 4), (512, 2));
        assert_eq!(of(2048, 64, 2, 1), (1024, 4));
        assert_eq!(of(64 << 10, 64, 2, 4), (1024, 2));
        assert_eq!(of(2048, 4096, 0, 1), (4096, 0), "what is given is never made less");
    }
}
